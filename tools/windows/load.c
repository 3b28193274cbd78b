/* Loads a library as R does on Windows, and calls its R_init_<name>. The arguments: the library, and that symbol. */
#include <stdio.h>
#include <windows.h>

int main(int argc, char **argv) {
  HMODULE library = argc == 3 ? LoadLibraryA(argv[1]) : NULL;
  if (!library) {
    fprintf(stderr, "The library was not loaded: error %lu.\n", GetLastError());
    return 1;
  }
  void (*init)(void *) = (void (*)(void *))GetProcAddress(library, argv[2]);
  if (!init) {
    fprintf(stderr, "%s was not found.\n", argv[2]);
    return 1;
  }
  init(NULL);
  return 0;
}
