// Objects of one environment by small number, so that JavaScript never holds a pointer to a closed one.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace tunscope {

template <typename Entry>
class SlotTable {
 public:
  int32_t add(std::unique_ptr<Entry> entry) {
    for (size_t slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot] == nullptr) {
        entries_[slot] = std::move(entry);
        return static_cast<int32_t>(slot);
      }
    }
    entries_.push_back(std::move(entry));
    return static_cast<int32_t>(entries_.size() - 1);
  }

  // Null for a number that names nothing.
  Entry* find(int32_t slot) const {
    const bool is_known = slot >= 0 && static_cast<size_t>(slot) < entries_.size();
    return is_known ? entries_[static_cast<size_t>(slot)].get() : nullptr;
  }

  std::unique_ptr<Entry> take(int32_t slot) {
    return find(slot) == nullptr ? nullptr : std::move(entries_[static_cast<size_t>(slot)]);
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const std::unique_ptr<Entry>& entry : entries_) {
      if (entry != nullptr) {
        visit(*entry);
      }
    }
  }

  size_t size() const { return entries_.size(); }

 private:
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace tunscope
