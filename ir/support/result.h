#pragma once

#include <string>
#include <utility>
#include <variant>

namespace ferry::support {

/// What went wrong, as one line that tells a user what to do next.
struct Error {
  std::string message;
};

/// A value or an Error. C++20 has no std::expected; this is the part of it that ferry needs.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace ferry::support
