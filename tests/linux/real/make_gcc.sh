mkdir src && cd src || exit 1
cat > list.h <<'END'
struct list; struct list *push(struct list *, int); long total(const struct list *);
END
cat > list.c <<'END'
#include <stdlib.h>
#include "list.h"
struct list { struct list *next; int value; };
struct list *push(struct list *l, int v) { struct list *n = malloc(sizeof *n); n->next = l; n->value = v; return n; }
long total(const struct list *l) { long t = 0; for (; l; l = l->next) t += l->value; return t; }
END
cat > main.c <<'END'
#include <math.h>
#include <stdio.h>
#include <pthread.h>
#include "list.h"
static void *work(void *arg) { struct list *l = 0; for (int i = 0; i < 1000; ++i) l = push(l, i * *(int *)arg); return (void *)total(l); }
int main(void) { pthread_t t[3]; int f[3] = {1, 2, 3}; long sum = 0; void *r; for (int i = 0; i < 3; ++i) pthread_create(&t[i], 0, work, &f[i]); for (int i = 0; i < 3; ++i) { pthread_join(t[i], &r); sum += (long)r; } printf("%ld %.6f %zu\n", sum, cbrt(27.5), sizeof(long double)); return 5; }
END
cat > Makefile <<'END'
CC = gcc-12
CFLAGS = -O2 -Wall
prog: main.o list.o ; $(CC) -o $@ $^ -lm -lpthread
%.o: %.c list.h ; $(CC) $(CFLAGS) -c -o $@ $<
END
make -s -j2; echo "make $?"; ./prog; echo "prog $?"; make -s; touch list.c; make -n | wc -l; rm list.o; make -s; ./prog
gcc-12 -O2 -shared -fPIC -o liblist.so list.c && gcc-12 -o dyn main.c -L. -llist -lm -Wl,-rpath,'$ORIGIN' && ./dyn; gcc-12 -static -o static main.c list.c -lm && ./static
echo 'int main(void) { return undeclared; }' > bad.c; gcc-12 -c bad.c 2>&1 | grep -o "'undeclared' undeclared"; echo "${PIPESTATUS[0]}"
ar t <(:) 2>/dev/null; ar rcs liblist.a list.o && nm liblist.a | gawk '{print $NF}' | grep -c .; strip prog && ./prog; objdump -h prog | grep -c text
