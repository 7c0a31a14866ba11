#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ir/memory_tags.h"

namespace ferry::arm64 {

/// The block key's mode bit: TagControl::checks is not None. PSTATE.TCO is looked at when a check is made.
inline constexpr uint64_t kModeTagChecks = 4;

/// The allocation tags of a process (FEAT_MTE2; docs/adr/0013-memory-tagging.md): a byte for each granule of
/// 16 bytes and one for each page, which says whether it is tagged, in pieces for 4 GiB of guest memory that
/// are made when the first tagged page lies there. Addresses are without their tags. What is not tagged reads
/// as tag 0, keeps none, and matches every pointer.
class MemoryTags final : public ir::MemoryTags {
 public:
  static constexpr uint64_t kGranule = 16;
  /// Where an address has its logical tag (Arm ARM D10.2).
  static constexpr unsigned kTagShift = 56;
  static constexpr uint64_t kTagMask = 0xf;

  /// `on_asynchronous_mismatch` is called on the guest's thread when an access in the asynchronous mode found
  /// another tag: TFSRE0_EL1.TF0 became 1.
  explicit MemoryTags(void (*on_asynchronous_mismatch)())
      : on_asynchronous_mismatch_(on_asynchronous_mismatch) {}
  ~MemoryTags() override;

  bool reset(GuestAddr first, GuestAddr last, bool tagged) override;
  void move(GuestAddr from, GuestAddr to, uint64_t bytes) override;

  /// The tag of the granule that holds `address`.
  uint8_t load(uint64_t address) const;
  /// Of all granules that [address, address + bytes) touches.
  void store(uint64_t address, uint64_t bytes, uint8_t tag);
  /// The first address in [address, address + bytes) whose granule is tagged otherwise than `tag`, or
  /// `address + bytes`.
  uint64_t find_mismatch(uint64_t address, uint64_t bytes, uint8_t tag) const;

  void note_asynchronous_mismatch() const { on_asynchronous_mismatch_(); }

 private:
  struct Piece;
  static constexpr unsigned kPieceBits = 32;
  static constexpr unsigned kAddressBits = 47;

  Piece* piece_of(uint64_t address) const {
    return address >> kAddressBits != 0 ? nullptr
                                        : pieces_[address >> kPieceBits].load(std::memory_order_acquire);
  }
  bool make_pieces(uint64_t first, uint64_t last);

  std::array<std::atomic<Piece*>, uint64_t{1} << (kAddressBits - kPieceBits)> pieces_{};
  void (*const on_asynchronous_mismatch_)();
};

}  // namespace ferry::arm64
