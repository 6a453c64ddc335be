#pragma once
// The words of a command line, read by its table of options.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/option.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace authority {

enum Option {
  dir_id,
  name_id,
  listen_id,
  pool_id,
  life_id,
  within_id,
  address_id,
  wait_id,
  help_id
};

/// All options of all commands.
std::span<const options::Option> table();

struct Words {
  std::string state_dir;  // of the cluster, absolute, where --dir does not say otherwise
  options::Parsed line;

  std::optional<std::string> text(int id) const;
  /// --dir, or else the state directory.
  base::Result<std::string> dir() const;
  /// Error invalid for a duration out of this range.
  base::Result<base::Duration> duration(int id, base::Duration otherwise, base::Duration low,
                                        base::Duration high) const;
  /// The only operand. Error invalid when it is none or one of several.
  base::Result<std::string> operand(std::string_view what) const;
};

/// Error invalid when the line has other options than these.
base::Result<void> only(const Words& words, std::span<const int> ids);

}  // namespace authority
