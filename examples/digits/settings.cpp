#include "examples/digits/settings.h"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <limits>

#include "lib/base/text.h"

namespace digits {
namespace {

namespace po = boost::program_options;

base::Result<double> positive(const po::variables_map& map, const char* name) {
  const auto& text = map[name].as<std::string>();
  const auto number = base::parse_decimal(text);
  if (!number || *number <= 0) {
    return base::fail(base::Code::invalid,
                      fmt::format("--{}: expected a decimal number above 0 like 0.05, got '{}'",
                                  name, base::printable(text)));
  }
  return *number;
}

}  // namespace

po::options_description described_settings(const Settings& defaults, std::string_view whose) {
  const auto number = [](auto value) {
    return po::value<std::string>()->value_name("N")->default_value(fmt::to_string(value));
  };
  po::options_description options("Options");
  options.add_options()("help,h", "show this text")                                           //
      ("epochs", number(defaults.epochs), "times through the training digits")                //
      ("batch", number(defaults.batch), fmt::format("digits in a batch, {}", whose).c_str())  //
      ("hidden", number(defaults.hidden), "units in the hidden layer")                        //
      ("learning-rate", number(defaults.learning_rate), "size of a step")                     //
      ("seed", number(defaults.seed), "of the first weights and the order of the digits")     //
      ("data", po::value<std::string>()->value_name("FILE")->default_value(DIGITS_DATA),
       "the digits: lines of 64 pixels and a class, plain or gzip");
  return options;
}

base::Result<po::variables_map> parse_arguments(const std::vector<std::string>& arguments,
                                                const po::options_description& described) {
  po::variables_map map;
  try {
    po::store(po::command_line_parser(arguments)
                  .options(described)
                  .positional(po::positional_options_description())
                  .run(),
              map);
  } catch (const po::error& error) {
    return base::fail(base::Code::invalid, error.what());
  }
  return map;
}

base::Result<std::int64_t> read_number(const po::variables_map& map, const char* name,
                                       std::int64_t low, std::int64_t high) {
  const auto& text = map[name].as<std::string>();
  const auto number = base::parse_int(text, low, high);
  if (!number) {
    return base::fail(base::Code::invalid,
                      fmt::format("--{}: expected a whole number from {} to {}, got '{}'", name,
                                  low, high, base::printable(text)));
  }
  return *number;
}

base::Result<Settings> read_settings(const po::variables_map& map) {
  Settings settings;
  const auto epochs = read_number(map, "epochs", 1, 100'000);
  const auto batch = read_number(map, "batch", 1, 100'000);
  const auto hidden = read_number(map, "hidden", 1, 4096);
  const auto seed = read_number(map, "seed", 0, std::numeric_limits<std::int64_t>::max());
  for (const auto* number : {&epochs, &batch, &hidden, &seed}) {
    if (!*number) {
      return std::unexpected(number->error());
    }
  }
  const auto rate = positive(map, "learning-rate");
  if (!rate) {
    return std::unexpected(rate.error());
  }
  settings.epochs = static_cast<std::uint32_t>(*epochs);
  settings.batch = static_cast<std::uint32_t>(*batch);
  settings.hidden = static_cast<std::uint32_t>(*hidden);
  settings.seed = static_cast<std::uint64_t>(*seed);
  settings.learning_rate = *rate;
  return settings;
}

}  // namespace digits
