/* Stands for R.dll: what the library uses of R is there, and does nothing but print the names of the routines that are registered. The symbols come
   from symbols.h: FUNCTION(name) and DATA(name). */
#include <stdio.h>

typedef struct {
  const char *name;
  void *function;
  int n_arguments;
} Routine;

#define FUNCTION(name) \
  __declspec(dllexport) void *name(void) { return 0; }
#define DATA(name) __declspec(dllexport) void *name;
#include "symbols.h"

__declspec(dllexport) int R_registerRoutines(void *info, const void *c, const Routine *calls, const void *fortran,
                                             const void *external) {
  for (; calls && calls->name; calls++) puts(calls->name);
  return 1;
}
