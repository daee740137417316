/* lcmpi_pages: prints the manual page or the completion of lcmpi when that is built; not installed.
 */
#include "config/pages.h"

#include <string.h>

int main(int argc, char **argv) {
  if (argc >= 4 && strcmp(argv[1], "manual") == 0)
    print_manual(stdout, argv[2], argv[3], argv + 4, argc - 4);
  else if (argc == 2 && strcmp(argv[1], "completion") == 0)
    print_completion(stdout);
  else
    return fputs("Usage: lcmpi_pages manual VERSION DATE TOOL... | completion\n", stderr), 2;
  return fflush(stdout) == 0 ? 0 : 3;
}
