#pragma once
// Lists of node names in the compressed form that scripts know: "n[1-3,7],login".

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace model {

/// Compresses names that differ in their last number only; keeps the order of first appearance and
/// the width of zero-padded numbers: {"n1","n2","n3"} is "n[1-3]", {"n01","n02"} is "n[01-02]".
std::string compress_hosts(std::span<const std::string> names);

/// The names of a compressed list, in order.
/// errors: invalid for unbalanced brackets, bad ranges, empty names, more than 100,000 names
base::Result<std::vector<std::string>> expand_hosts(std::string_view list);

}  // namespace model
