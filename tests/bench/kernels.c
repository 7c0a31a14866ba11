/* Small kernels of CoreMark's kind, compiled for the guest and for the host from this one file.
 *   kernels NAME ROUNDS: runs the kernel in batches of ROUNDS rounds, prints its checksum and the fastest batch in ns.
 *   kernels: lists the names. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kBatches = 7 };

static uint32_t next_random(uint32_t* state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* -- linked list: build shuffled, then chase, reverse, find */
struct node {
  struct node* next;
  uint32_t value;
};

static uint64_t list(unsigned rounds) {
  enum { kNodes = 512 };
  static struct node nodes[kNodes];
  uint32_t seed = 1;
  for (int i = 0; i < kNodes; ++i) nodes[i] = (struct node){NULL, next_random(&seed)};
  struct node* head = NULL;
  for (int i = 0; i < kNodes; ++i) {
    struct node* n = &nodes[(i * 197) % kNodes];
    n->next = head;
    head = n;
  }
  uint64_t sum = 0;
  for (unsigned r = 0; r < rounds; ++r) {
    const uint32_t wanted = nodes[r % kNodes].value;
    struct node* reversed = NULL;
    while (head != NULL) {
      struct node* n = head;
      head = n->next;
      n->next = reversed;
      reversed = n;
    }
    head = reversed;
    unsigned place = 0;
    for (struct node* n = head; n != NULL && n->value != wanted; n = n->next) ++place;
    sum = sum * 31 + place;
  }
  return sum;
}

/* -- integer matrix product */
static uint64_t matrix(unsigned rounds) {
  enum { kSize = 24 };
  static int16_t a[kSize][kSize], b[kSize][kSize];
  static int32_t c[kSize][kSize];
  uint32_t seed = 2;
  for (int i = 0; i < kSize; ++i)
    for (int j = 0; j < kSize; ++j) {
      a[i][j] = (int16_t)next_random(&seed);
      b[i][j] = (int16_t)next_random(&seed);
    }
  uint64_t sum = 0;
  for (unsigned r = 0; r < rounds; ++r) {
    for (int i = 0; i < kSize; ++i)
      for (int j = 0; j < kSize; ++j) {
        int32_t dot = 0;
        for (int k = 0; k < kSize; ++k) dot += (int32_t)((uint32_t)a[i][k] * (uint32_t)b[k][j]);
        c[i][j] = dot >> 3;
      }
    a[r % kSize][(r / 3) % kSize] ^= (int16_t)c[0][r % kSize];
    sum = sum * 131 + (uint32_t)c[r % kSize][(r * 7) % kSize];
  }
  return sum;
}

/* -- state machine: recognizes numbers in a text, as CoreMark's does */
static uint64_t state(unsigned rounds) {
  static const char text[] = "5012,+874,-3.25,1.5e+7,0x1f,abc,-110.7E-3,..,7,+,12e,99e9,-0.0,3a,4711,";
  uint64_t counts[6] = {0};
  for (unsigned r = 0; r < rounds; ++r) {
    enum { kStart, kSign, kInt, kFraction, kExponent, kInvalid } s = kStart;
    for (const char* p = text; *p != 0; ++p) {
      const char ch = *p;
      if (ch == ',') {
        ++counts[s];
        s = kStart;
        continue;
      }
      switch (s) {
        case kStart: s = (ch == '+' || ch == '-') ? kSign : (ch >= '0' && ch <= '9') ? kInt : ch == '.' ? kFraction : kInvalid; break;
        case kSign: s = (ch >= '0' && ch <= '9') ? kInt : ch == '.' ? kFraction : kInvalid; break;
        case kInt: s = (ch >= '0' && ch <= '9') ? kInt : ch == '.' ? kFraction : (ch == 'e' || ch == 'E') ? kExponent : kInvalid; break;
        case kFraction: s = (ch >= '0' && ch <= '9') ? kFraction : (ch == 'e' || ch == 'E') ? kExponent : kInvalid; break;
        case kExponent: s = (ch == '+' || ch == '-' || (ch >= '0' && ch <= '9')) ? kExponent : kInvalid; break;
        default: break;
      }
    }
  }
  uint64_t sum = 0;
  for (int i = 0; i < 6; ++i) sum = sum * 1000003 + counts[i];
  return sum;
}

/* -- CRC, bit by bit as in CoreMark and by table */
static uint64_t crc(unsigned rounds) {
  static uint32_t table[256];
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (0xedb88320u & (0u - (c & 1)));
    table[i] = c;
  }
  static uint8_t data[1024];
  uint32_t seed = 3;
  for (unsigned i = 0; i < sizeof data; ++i) data[i] = (uint8_t)next_random(&seed);
  uint32_t value = ~0u;
  for (unsigned r = 0; r < rounds; ++r) {
    for (unsigned i = 0; i < sizeof data; ++i) value = table[(value ^ data[i]) & 255] ^ (value >> 8);
    uint16_t bitwise = (uint16_t)value;
    for (int i = 0; i < 64; ++i) bitwise = (uint16_t)((bitwise >> 1) ^ ((bitwise & 1) != 0 ? 0xa001 : i));
    data[r % sizeof data] ^= (uint8_t)bitwise;
  }
  return value;
}

/* -- strings: copy, compare, search, hash */
static uint64_t strings(unsigned rounds) {
  static const char* const words[] = {"translation", "block", "region", "exclusive", "monitor", "guest", "host",  "softmmu",
                                      "interpreter", "cache", "signal", "frame",     "vector",  "lane",  "fence", "syscall"};
  char line[256];
  uint64_t hash = 14695981039346656037u;
  for (unsigned r = 0; r < rounds; ++r) {
    line[0] = 0;
    for (unsigned i = 0; i < 12; ++i) {
      strcat(line, words[(r + i * 5) & 15]);
      strcat(line, " ");
    }
    if (strstr(line, "lane fence") != NULL) hash ^= 1;
    for (const char* p = line; *p != 0; ++p) hash = (hash ^ (uint8_t)*p) * 1099511628211u;
    hash += (uint64_t)(strchr(line, 'x') != NULL) + (uint64_t)(strcmp(words[r & 15], words[(r >> 4) & 15]) < 0);
  }
  return hash;
}

/* -- sorting: quicksort by hand and heap through a function pointer */
static int compare_ints(const void* a, const void* b) {
  const uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
  return (x > y) - (x < y);
}

static void quicksort(uint32_t* v, int low, int high) {
  while (low < high) {
    const uint32_t pivot = v[(low + high) / 2];
    int i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) ++i;
      while (v[j] > pivot) --j;
      if (i <= j) {
        const uint32_t t = v[i];
        v[i++] = v[j];
        v[j--] = t;
      }
    }
    if (j - low < high - i) {
      quicksort(v, low, j);
      low = i;
    } else {
      quicksort(v, i, high);
      high = j;
    }
  }
}

static uint64_t sorting(unsigned rounds) {
  enum { kCount = 1000 };
  static uint32_t v[kCount];
  uint32_t seed = 4;
  uint64_t sum = 0;
  for (unsigned r = 0; r < rounds; ++r) {
    for (int i = 0; i < kCount; ++i) v[i] = next_random(&seed);
    if ((r & 3) == 0) {
      qsort(v, kCount, sizeof v[0], compare_ints);
    } else {
      quicksort(v, 0, kCount - 1);
    }
    sum = sum * 31 + v[r % kCount];
  }
  return sum;
}

/* -- doubles: planets */
static uint64_t nbody(unsigned rounds) {
  static double p[5][3] = {{0, 0, 0}, {4.84, -1.16, -0.10}, {8.34, 4.12, -0.4}, {12.89, -15.11, -0.22}, {15.37, -25.9, 0.17}};
  static double v[5][3] = {{0, 0, 0}, {0.6, 2.8, -0.02}, {-1.01, 1.8, 0.008}, {1.08, 0.86, -0.01}, {0.97, 0.59, -0.03}};
  static const double m[5] = {39.47, 0.037, 0.011, 0.0017, 0.002};
  for (unsigned r = 0; r < rounds; ++r) {
    for (int i = 0; i < 5; ++i)
      for (int j = i + 1; j < 5; ++j) {
        double d[3], square = 0;
        for (int k = 0; k < 3; ++k) {
          d[k] = p[i][k] - p[j][k];
          square += d[k] * d[k];
        }
        const double magnitude = 0.001 / (square * sqrt(square));
        for (int k = 0; k < 3; ++k) {
          v[i][k] -= d[k] * m[j] * magnitude;
          v[j][k] += d[k] * m[i] * magnitude;
        }
      }
    for (int i = 0; i < 5; ++i)
      for (int k = 0; k < 3; ++k) p[i][k] += 0.001 * v[i][k];
  }
  uint64_t bits;
  memcpy(&bits, &p[1][0], sizeof bits);
  return bits;
}

/* -- float vectors */
typedef float vec4 __attribute__((vector_size(16)));

static uint64_t simd(unsigned rounds) {
  enum { kCount = 256 };
  static vec4 x[kCount], y[kCount];
  for (int i = 0; i < kCount; ++i)
    for (int k = 0; k < 4; ++k) {
      x[i][k] = (float)(i % 17) * 0.25f + (float)k;
      y[i][k] = (float)(i % 13) * 0.5f - (float)k;
    }
  vec4 sum = {0, 0, 0, 0};
  const vec4 a = {0.5f, 0.25f, 0.75f, 0.125f};
  for (unsigned r = 0; r < rounds; ++r)
    for (int i = 0; i < kCount; ++i) {
      y[i] = a * x[i] + y[i] * 0.5f;
      sum = sum * 0.25f + y[i];
    }
  uint32_t bits[4];
  memcpy(bits, &sum, sizeof bits);
  return bits[0] ^ (uint64_t)bits[1] << 16 ^ (uint64_t)bits[2] << 24 ^ (uint64_t)bits[3] << 32;
}

/* -- calls: recursion and an indirect call per step */
static uint64_t fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static uint64_t twice(uint64_t v) { return v * 2; }
static uint64_t plus_three(uint64_t v) { return v + 3; }
static uint64_t rotate(uint64_t v) { return v << 7 | v >> 57; }

static uint64_t calls(unsigned rounds) {
  uint64_t (*volatile steps[3])(uint64_t) = {twice, plus_three, rotate};
  uint64_t value = 1;
  for (unsigned r = 0; r < rounds; ++r) {
    value ^= fib(12);
    for (int i = 0; i < 30; ++i) value = steps[i % 3](value);
  }
  return value;
}

static const struct {
  const char* name;
  uint64_t (*run)(unsigned rounds);
  unsigned rounds; /* of one batch: some 50 ms natively */
} kernels[] = {
    {"list", list, 40000},    {"matrix", matrix, 36000}, {"state", state, 1200000}, {"crc", crc, 20000}, {"strings", strings, 240000},
    {"sorting", sorting, 1200}, {"nbody", nbody, 900000}, {"simd", simd, 120000},  {"calls", calls, 300000},
};

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char** argv) {
  for (unsigned k = 0; k < sizeof kernels / sizeof kernels[0]; ++k) {
    if (argc < 2) {
      puts(kernels[k].name);
      continue;
    }
    if (strcmp(argv[1], kernels[k].name) != 0) continue;
    const unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : kernels[k].rounds;
    uint64_t sum = 0, fastest = ~(uint64_t)0;
    for (int batch = 0; batch < kBatches; ++batch) {
      const uint64_t start = now();
      sum = sum * 7 + kernels[k].run(rounds);
      const uint64_t took = now() - start;
      if (took < fastest) fastest = took;
    }
    printf("%s %016llx\n", kernels[k].name, (unsigned long long)sum);
    fprintf(stderr, "%llu\n", (unsigned long long)fastest);
    return 0;
  }
  return argc < 2 ? 0 : 2;
}
