#pragma once

#include <mutex>

#include "backend/engine.h"
#include "backend/runtime/translations.h"
#include "ir/guest_arch.h"

namespace ferry::backend {

/// Guest memory as the embedder describes it.
class AccessView : public ir::CodeView {
 public:
  explicit AccessView(CodeAccess* access) : access_(access) {}
  bool executable(GuestAddr pc) const override { return access_ && access_->executable(pc); }
  bool guarded(GuestAddr pc) const override { return access_ && access_->guarded(pc); }

 private:
  CodeAccess* access_;
};

/// The same, and what the tiers have done with it in one mode. Takes the translation lock for each answer.
class RegionView final : public AccessView {
 public:
  RegionView(CodeAccess* access, const Translations& translations, std::mutex& lock, uint64_t mode)
      : AccessView(access), translations_(translations), lock_(lock), mode_(mode) {}

  ir::Progress progress(GuestAddr pc) const override {
    const std::lock_guard hold(lock_);
    const Record* known = translations_.find({pc, mode_});
    if (!known) return ir::Progress::None;
    return known->optimized ? ir::Progress::Optimized : ir::Progress::Executed;
  }
  GuestAddr last_target(GuestAddr site) const override {
    const std::lock_guard hold(lock_);
    return translations_.last_target(site);
  }

 private:
  const Translations& translations_;
  std::mutex& lock_;
  uint64_t mode_;
};

}  // namespace ferry::backend
