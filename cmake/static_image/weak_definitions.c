/* A static library may call a function that is optional: `if (f) f();` with `f` a weak reference. Left undefined, such a
   call is a branch to address 0, which an image at a high address cannot encode and ld.lld refuses. What libc.a itself
   defines is taken from there (static_executable.cmake); what nobody defines is defined here, doing nothing. */

/* glibc: set-up of a separate libpthread, which has been part of libc since 2.34. */
void __pthread_initialize_minimal(void);
void __pthread_initialize_minimal(void) {}

/* zstd: tracing hooks; a context number of 0 means that nobody traces. */
unsigned long long ZSTD_trace_compress_begin(const void* context);
void ZSTD_trace_compress_end(unsigned long long trace, const void* data);
unsigned long long ZSTD_trace_decompress_begin(const void* context);
void ZSTD_trace_decompress_end(unsigned long long trace, const void* data);

unsigned long long ZSTD_trace_compress_begin(const void* context) {
  (void)context;
  return 0;
}

void ZSTD_trace_compress_end(unsigned long long trace, const void* data) {
  (void)trace;
  (void)data;
}

unsigned long long ZSTD_trace_decompress_begin(const void* context) {
  (void)context;
  return 0;
}

void ZSTD_trace_decompress_end(unsigned long long trace, const void* data) {
  (void)trace;
  (void)data;
}

/* glibc: fork() keeps the name-service database consistent, if the program has one. */
__attribute__((weak)) void __nss_database_fork_prepare_parent(void* data);
__attribute__((weak)) void __nss_database_fork_subprocess(void* data);

__attribute__((weak)) void __nss_database_fork_prepare_parent(void* data) { (void)data; }
__attribute__((weak)) void __nss_database_fork_subprocess(void* data) { (void)data; }
