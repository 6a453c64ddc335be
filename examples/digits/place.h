#pragma once
// Where this process runs.

#include <string>

namespace digits {

/// The node's name as Muster knows it, else the host name.
std::string host_name();

/// The cores this process may run on, as a list: "0-1,4".
std::string bound_cores();

}  // namespace digits
