#include "backend/runtime/configuration.h"

#include <cpuid.h>
#include <elf.h>

#include <cstring>

extern "C" const Elf64_Ehdr __ehdr_start;

namespace ferry::backend {

namespace {

template <typename T>
void append(std::string& text, const T& value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// The note NT_GNU_BUILD_ID of the running program, a hash of all that was linked. False: it has none.
bool append_build_id(std::string& text) {
  const auto* image = reinterpret_cast<const char*>(&__ehdr_start);
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(image + __ehdr_start.e_phoff);
  for (unsigned i = 0; i < __ehdr_start.e_phnum; ++i) {
    if (segments[i].p_type != PT_NOTE) continue;
    // Notes lie in the first segment, which begins with the file. Sizes are multiples of four.
    const char* note = image + segments[i].p_offset;
    const char* end = note + segments[i].p_filesz;
    while (end - note >= static_cast<ptrdiff_t>(sizeof(Elf64_Nhdr))) {
      Elf64_Nhdr header;
      std::memcpy(&header, note, sizeof header);
      const size_t name = (header.n_namesz + 3) & ~3u, content = (header.n_descsz + 3) & ~3u;
      const char* id = note + sizeof header + name;
      if (header.n_type == NT_GNU_BUILD_ID) {
        text.append(id, header.n_descsz);
        return true;
      }
      note = id + content;
    }
  }
  return false;
}

void append_cpuid(std::string& text, uint32_t leaf, uint32_t subleaf) {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx);
  if (leaf == 1) ebx = 0;  // which processor this is
  for (const uint32_t reg : {eax, ebx, ecx, edx}) append(text, reg);
}

}  // namespace

std::string configuration(const EngineOptions& options) {
  std::string text = options.code_configuration;
  if (!append_build_id(text)) return {};
  append_cpuid(text, 1, 0);
  append_cpuid(text, 7, 0);
  append_cpuid(text, 7, 1);
  append_cpuid(text, 0x80000001, 0);
  for (const bool choice : {options.chain, options.jump_cache, options.return_stack, options.optimize,
                            options.defer_nan_checks, options.region_profile, options.inline_calls,
                            options.half_arithmetic, options.exact_underflow, options.host_extensions})
    append(text, choice);
  append(text, options.kind);
  append(text, options.max_block_insts);
  append(text, options.region_insts);
  return text;
}

}  // namespace ferry::backend
