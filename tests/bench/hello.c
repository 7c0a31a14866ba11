/* What starting a program costs, and nothing else. */
#include <stdio.h>

int main(void) {
  puts("Hello, world!");
  return 0;
}
