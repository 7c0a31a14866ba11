#include "backend/runtime/page_index.h"

#include <utility>

namespace ferry::backend {

namespace {

constexpr unsigned kPageBits = 12;
constexpr size_t kFirstPages = 256;

size_t hash(uint64_t page) {
  const uint64_t mixed = page * 0x9e3779b97f4a7c15u;
  return static_cast<size_t>(mixed >> 32);
}

}  // namespace

PageIndex::Page& PageIndex::page_at(uint64_t number) {
  for (size_t i = hash(number);; ++i) {
    Page& page = pages_[i & (pages_.size() - 1)];
    if (!page.used || page.number == number) return page;
  }
}

void PageIndex::grow() {
  std::vector<Page> old =
      std::exchange(pages_, std::vector<Page>(pages_.empty() ? kFirstPages : pages_.size() * 2));
  for (Page& page : old) {
    if (page.used) page_at(page.number) = std::move(page);
  }
}

void PageIndex::insert(Record& record) {
  for (const auto& [first, last] : record.ranges) {
    for (uint64_t number = first.value >> kPageBits; number <= (last.value - 1) >> kPageBits; ++number) {
      if ((used_ + 1) * 2 > pages_.size()) grow();
      Page& page = page_at(number);
      if (!page.used) {
        page.used = true;
        page.number = number;
        ++used_;
      }
      if (page.records.empty() || page.records.back() != &record) page.records.push_back(&record);
    }
  }
}

std::vector<PageIndex::Page*> PageIndex::pages_in(GuestAddr first, GuestAddr last) {
  std::vector<Page*> found;
  if (used_ == 0 || !(first < last)) return found;
  const uint64_t begin = first.value >> kPageBits, end = (last.value - 1) >> kPageBits;
  if (end - begin < pages_.size()) {
    for (uint64_t number = begin; number <= end; ++number) {
      Page& page = page_at(number);
      if (page.used) found.push_back(&page);
    }
  } else {
    for (Page& page : pages_) {
      if (page.used && page.number >= begin && page.number <= end) found.push_back(&page);
    }
  }
  return found;
}

void PageIndex::clear() {
  pages_.clear();
  used_ = 0;
}

}  // namespace ferry::backend
