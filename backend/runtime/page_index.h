#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/runtime/record.h"

namespace ferry::backend {

/// Which translations were made from a guest page. Used under the translation lock.
class PageIndex {
 public:
  void insert(Record& record);
  /// Calls `visit(Record&)` for every valid record made from guest code in [first, last), once each.
  template <typename Visit>
  void for_overlapping(GuestAddr first, GuestAddr last, Visit visit) {
    for (Page* page : pages_in(first, last)) {
      // A record in several pages is seen valid only once: visiting makes it invalid.
      std::erase_if(page->records, [&](Record* record) {
        if (!record->valid.load(std::memory_order_relaxed)) return true;
        if (!record->overlaps(first, last)) return false;
        visit(*record);
        return true;
      });
    }
  }
  void clear();

 private:
  struct Page {
    uint64_t number = 0;
    bool used = false;
    std::vector<Record*> records;
  };

  Page& page_at(uint64_t number);
  void grow();
  std::vector<Page*> pages_in(GuestAddr first, GuestAddr last);

  std::vector<Page> pages_;  ///< open addressing; a power of two
  size_t used_ = 0;
};

}  // namespace ferry::backend
