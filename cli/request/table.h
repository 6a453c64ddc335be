#pragma once
// The rows of cli/request/options.def as tables for each place where options stand.

#include <span>
#include <string>

#include "cli/options/option.h"

namespace request {

enum class OptionId {
#define OPTION(id, name, letter, uses, placeholder, help) id,
#define ALIAS(id, name)
#include "cli/request/options.def"
#undef OPTION
#undef ALIAS
};

/// Where an option stands.
enum class Place { submit, directive, run, update };

/// An option of a script or a job file, and where it stands.
struct PlacedOption {
  options::Given given;
  std::string place;  // for messages: "t.sh: line 3: '#SUBMIT -N 2'", "job.toml:7:8"
};

/// All options that may stand there.
std::span<const options::Option> table(Place place);

inline const options::Given* find(std::span<const options::Given> given, OptionId id) {
  return options::find(given, static_cast<int>(id));
}
inline bool has(std::span<const options::Given> given, OptionId id) {
  return find(given, id) != nullptr;
}

}  // namespace request
