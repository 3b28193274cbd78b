/* R looks for R_init_vaeirt; extendr generates R_init_vaeirt_extendr in the static library. Calling it from here
   keeps the linker from dropping the library. */
void R_init_vaeirt_extendr(void *dll);

void R_init_vaeirt(void *dll) { R_init_vaeirt_extendr(dll); }
