#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "backend/engine.h"
#include "backend/runtime/store_format.h"

namespace ferry::backend {

/// Of all guest code that an image was made from.
size_t guest_bytes(const CodeImage& image);

/// The persistent code cache as one process uses it (docs/adr/0015-code-store.md): code that earlier
/// processes made from files that this one has mapped, and what it adds. Every image is compared with the
/// guest code in memory before it is used. A directory that cannot be used is like an empty one.
/// Not thread-safe: the engine holds its translation lock.
class CodeStore {
 public:
  /// Keeps its files in `directory` (empty: there is none), together up to `most_bytes`. Files of ferries
  /// that would make other code have other names: `configuration` says all that code depends on.
  CodeStore(std::string directory, std::string configuration, uint64_t most_bytes, CodeAccess* access);
  ~CodeStore();
  CodeStore(const CodeStore&) = delete;
  CodeStore& operator=(const CodeStore&) = delete;

  bool in_use() const { return !directory_.empty(); }
  /// The file of this identity lies at [first, last).
  void add_file(GuestAddr first, GuestAddr last, const FileIdentity& file);

  /// Code for `key`, of optimized code only such as is precise enough. Its arrays stay as long as the store.
  /// May fault, and then do as if nothing was found.
  std::optional<CodeImage> find(ir::BlockKey key, bool precise) const;
  /// Whether what was made comes from known files, so that add() would remember it.
  bool wants(const CodeImage& image) const;
  /// Remembers an image that is wanted, made from the guest code `guest`, range after range.
  void add(const CodeImage& image, std::span<const std::byte> guest);
  /// Writes what was added since the last time.
  void save();
  /// Forgets what was added: somebody else (the parent after a fork) writes it.
  void forget_added();

 private:
  struct Unit {
    GuestAddr first, last;
    std::string name;
    std::span<const std::byte> mapping;
    std::vector<Segment> segments;  ///< newest last
    SegmentWriter added;
    std::unordered_set<uint64_t> known;  ///< what `added` has or had: key and tier
    bool active = true;
  };

  const Unit* unit_at(GuestAddr pc) const;
  Unit* unit_at(GuestAddr pc);
  void open(Unit& unit);
  void save(Unit& unit, int directory);
  bool matches_memory(const StoredImage& stored) const;
  bool guarded(const CodeImage& image) const;
  void keep_size(int directory) const;

  std::string directory_;
  std::string suffix_;  ///< of file names, from the configuration
  uint64_t most_bytes_;
  CodeAccess* access_;
  std::vector<Unit> units_;
  mutable size_t last_unit_ = 0;
  uint64_t added_bytes_ = 0;
};

}  // namespace ferry::backend
