#pragma once
// Several lambdas as one visitor: std::visit(base::Overloaded{[](A) {...}, [](B) {...}}, variant).

namespace base {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace base
