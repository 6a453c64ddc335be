#pragma once
// What a training is asked to do, and the options that say so: the same for all programs here.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "examples/digits/network.h"
#include "lib/base/result.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace digits {

struct Settings {
  std::uint32_t epochs = 30;
  std::uint32_t batch = 64;
  std::uint32_t hidden = 64;
  double learning_rate = 0.05;
  std::uint64_t seed = 1;

  Shape shape() const { return Shape{hidden}; }
};

/// --help, --data and an option for each setting.
///
/// whose     completes "digits in a batch, ..."
boost::program_options::options_description described_settings(const Settings& defaults,
                                                               std::string_view whose);

/// errors    invalid, for what is no option
base::Result<boost::program_options::variables_map> parse_arguments(
    const std::vector<std::string>& arguments,
    const boost::program_options::options_description& described);

/// errors    invalid, naming the option, what was found and what was expected
base::Result<Settings> read_settings(const boost::program_options::variables_map& map);

/// The whole number that is the value of --`name`.
base::Result<std::int64_t> read_number(const boost::program_options::variables_map& map,
                                       const char* name, std::int64_t low, std::int64_t high);

}  // namespace digits
