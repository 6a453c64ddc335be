#pragma once
// Which programs can do without a server of PMIx, which takes longer to start than they do.

#include <cstddef>
#include <span>

namespace mapping {

/// Whether a process that runs this file never speaks PMIx: it is linked to nothing but what
/// compilers bring for C and C++, and asks for no function that loads a library or starts another
/// program. False for what is no dynamically linked program of this machine's own kind, such as a
/// script, and for what cannot be told.
///
/// file      all bytes of it
/// cost      O(names that it takes from libraries)
/// source    man 5 elf
bool is_plain_program(std::span<const std::byte> file);

}  // namespace mapping
