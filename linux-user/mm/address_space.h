#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/engine.h"
#include "ir/memory_tags.h"
#include "ir/support/address.h"
#include "ir/support/left_lock.h"
#include "linux-user/mm/placement.h"
#include "linux-user/sys_result.h"

namespace ferry::linux_user {

enum class VmaKind : uint8_t { Plain, Heap, Stack, Vdso };

/// What a mapping shows. Files of a tmpfs are shared memory, and a private mapping of one is anonymous here.
enum class Backing : uint8_t { Anonymous, SharedMemory, File };

/// A mapping of the guest's.
struct Vma {
  GuestAddr end;
  int protection;  ///< the guest's PROT_ bits; the host's mapping never has PROT_EXEC
  VmaKind kind = VmaKind::Plain;
  Backing backing = Backing::Anonymous;
};

/// PROT_BTI of AArch64: indirect branches lead only to landing instructions.
inline constexpr int kProtGuarded = 0x10;
/// PROT_MTE of AArch64: the memory has allocation tags. Never taken back; not for files.
inline constexpr int kProtTagged = 0x20;

/// The guest's memory map. Guest memory is mapped at its own address (docs/adr/0007-address-space.md); this
/// knows which mappings are the guest's, so that ferry's own are safe from it, and which are executable, so
/// that translations of them are forgotten. Thread-safe. All methods that return SysResult answer what the
/// system call of their name answers.
class AddressSpace final : public backend::CodeAccess {
 public:
  static constexpr uint64_t kPageSize = 4096;

  /// Translations are forgotten through `engine` (may be null: nothing to forget).
  void set_engine(backend::Engine* engine) { engine_ = engine; }

  /// Told of all mappings; null: the guest's memory has no tags.
  void set_memory_tags(ir::MemoryTags* tags) { tags_ = tags; }

  /// Whether images of files go where the files prefer (docs/adr/0014-stable-addresses.md), as they do at
  /// first, or where the kernel likes. Before there are threads.
  void set_stable_placement(bool on) { stable_placement_ = on; }
  /// A file's image lies at [first, last), as in every process that maps it.
  void add_file(GuestAddr first, GuestAddr last, const FileIdentity& file);
  bool stable_placement() const { return stable_placement_; }

  /// The guest has read the beginning of an ELF file: what it reserves next is for that. glibc's dynamic
  /// linker reserves room for a library whose alignment is more than a page before it maps it.
  void expect_image(int fd) { expected_image_.store(fd, std::memory_order_relaxed); }

  SysResult mmap(GuestAddr address, uint64_t length, int protection, int flags, int fd, uint64_t offset);
  SysResult munmap(GuestAddr address, uint64_t length);
  SysResult mprotect(GuestAddr address, uint64_t length, int protection);
  SysResult mremap(GuestAddr old_address, uint64_t old_length, uint64_t new_length, int flags,
                   GuestAddr new_address);
  SysResult madvise(GuestAddr address, uint64_t length, int advice);
  SysResult mlockall(int flags);
  SysResult munlockall();
  SysResult shmat(int id, GuestAddr address, int flags);
  SysResult shmdt(GuestAddr address);
  SysResult remap_file_pages(GuestAddr address, uint64_t size, int protection, uint64_t page_offset,
                             int flags);
  /// The new break, or the old one when it cannot be moved.
  GuestAddr brk(GuestAddr wanted);

  /// Where the break starts: right after the program's image.
  void set_brk_start(GuestAddr start);
  /// Names what an existing mapping is for, in /proc/self/maps.
  void set_kind(GuestAddr address, VmaKind kind);
  /// Where the guest's vDSO is, or was when it was unmapped; zero: it has none. It follows mremap(2)
  /// (vdso_mremap() of arch/arm64/kernel/vdso.c).
  GuestAddr vdso() const { return {vdso_.load(std::memory_order_relaxed)}; }

  /// Whether all of [address, address + length) is mapped by the guest.
  bool is_mapped(GuestAddr address, uint64_t length) const;
  bool executable(GuestAddr address) override;
  bool mapped(GuestAddr address) override;
  bool guarded(GuestAddr address) override;
  /// Whether there ever was a guarded page.
  bool has_guarded_pages() const { return has_guarded_pages_.load(std::memory_order_relaxed); }
  std::map<GuestAddr, Vma> snapshot() const;

  /// Around fork(): the map is at rest between the two; in the child too.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  /// The same for those who only look, below the engine's lock.
  void lock_map() { map_mutex_.lock(); }
  void unlock_map() { map_mutex_.unlock(); }
  /// In the child of a fork: locks of memory are not inherited.
  void after_fork_child() { lock_later_ = 0; }
  /// Both, innermost first, after a process that shared the memory was killed.
  void unlock_if_left() {
    support::unlock_if_left(map_mutex_);
    support::unlock_if_left(mutex_);
  }

 private:
  using Map = std::map<GuestAddr, Vma>;
  struct Range {
    GuestAddr first;
    GuestAddr last;
    int protection;
    Backing backing = Backing::Anonymous;
    VmaKind kind = VmaKind::Plain;
  };

  /// The file whose image a mapping with these arguments begins, when it may lie where that prefers.
  std::optional<FileIdentity> begun_image(GuestAddr address, int protection, int flags, int fd,
                                          uint64_t offset);

  // All of these need the lock.
  void insert(GuestAddr first, const Vma& vma);
  void erase(GuestAddr first, GuestAddr last);
  void split(GuestAddr at);
  void cut_out(GuestAddr first, GuestAddr last);
  void merge_around(GuestAddr first, GuestAddr last);
  void note_protection(int protection);
  /// What the host has mapped becomes the guest's; answers its address.
  SysResult add_mapping(GuestAddr first, const Vma& vma);
  /// [first, last) is new memory of that protection, or none (PROT_NONE).
  [[nodiscard]] bool reset_tags(GuestAddr first, GuestAddr last, int protection);
  void forget_tags(GuestAddr first, GuestAddr last) { (void)reset_tags(first, last, 0); }
  /// mremap moved or resized a tagged mapping. False: no room for its tags.
  [[nodiscard]] bool move_tags(Range from, Range to, bool keeps_old);
  void follow_remap(const std::vector<Range>& old, Range now, bool keeps_old);
  void drop_tags_of_contents(const std::vector<Range>& ranges, int advice);
  void change_protection(GuestAddr first, GuestAddr last, int protection);
  /// Forgets what was translated from the executable ones of `ranges`. When the map has changed already:
  /// until then other threads may translate it again.
  void forget_code(const std::vector<Range>& ranges);
  /// What mlockall(2) locks.
  std::vector<Range> lockable() const;
  /// After mlockall(MCL_FUTURE): whether a new mapping may be as large (0 or EAGAIN), and what follows it.
  SysResult room_to_lock(uint64_t bytes) const;
  void lock_new(GuestAddr first, GuestAddr last) const;
  bool covers(GuestAddr first, GuestAddr last) const;
  SysResult reserve_target(GuestAddr first, GuestAddr last, std::vector<Range>& reserved);
  void give_back(const std::vector<Range>& reserved);
  /// The guest's mapping that holds an address, or nullptr. Needs map_mutex_ alone.
  const Vma* vma_at(GuestAddr address) const;
  /// The parts of [first, last) that the guest has mapped.
  std::vector<Range> overlaps(GuestAddr first, GuestAddr last) const;

  /// Held during each operation, the engine's lock is taken below it.
  mutable std::mutex mutex_;
  /// Held, below mutex_ and the engine's lock, while the map changes, and by executable() and mapped(), which
  /// the engine calls with and without its lock.
  std::mutex map_mutex_;
  Map vmas_;
  std::atomic<bool> has_guarded_pages_ = false;
  bool stable_placement_ = true;
  std::atomic<uint64_t> vdso_ = 0;
  std::atomic<int> expected_image_ = -1;
  std::map<GuestAddr, uint64_t> shared_segments_;  ///< shmat: address -> bytes, for shmdt
  backend::Engine* engine_ = nullptr;
  ir::MemoryTags* tags_ = nullptr;
  int lock_later_ = 0;  ///< mlockall's flags, while new mappings are locked
  GuestAddr brk_start_{};
  GuestAddr brk_{};
};

}  // namespace ferry::linux_user
