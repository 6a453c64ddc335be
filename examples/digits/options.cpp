#include "examples/digits/options.h"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <limits>
#include <sstream>

#include "lib/base/text.h"

namespace digits {
namespace {

namespace po = boost::program_options;

po::options_description described() {
  const Settings defaults;
  const auto number = [](auto value) {
    return po::value<std::string>()->value_name("N")->default_value(fmt::to_string(value));
  };
  po::options_description options("Options");
  options.add_options()("help,h", "show this text")                                        //
      ("epochs", number(defaults.epochs), "times through the training digits")             //
      ("batch", number(defaults.batch), "digits in a batch, over all ranks")               //
      ("hidden", number(defaults.hidden), "units in the hidden layer")                     //
      ("learning-rate", number(defaults.learning_rate), "size of a step")                  //
      ("seed", number(defaults.seed), "of the first weights and the order of the digits")  //
      ("data", po::value<std::string>()->value_name("FILE")->default_value(DIGITS_DATA),
       "the digits: lines of 64 pixels and a class, plain or gzip")  //
      ("checkpoint", po::value<std::string>()->value_name("FILE")->default_value(""),
       "written after each epoch, resumed from when it exists");
  return options;
}

base::Result<std::int64_t> whole(const po::variables_map& map, const char* name, std::int64_t low,
                                 std::int64_t high) {
  const auto& text = map[name].as<std::string>();
  const auto number = base::parse_int(text, low, high);
  if (!number) {
    return base::fail(base::Code::invalid,
                      fmt::format("--{}: expected a whole number from {} to {}, got '{}'", name,
                                  low, high, base::printable(text)));
  }
  return *number;
}

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

base::Result<Settings> read_settings(const po::variables_map& map) {
  Settings settings;
  const auto epochs = whole(map, "epochs", 1, 100'000);
  const auto batch = whole(map, "batch", 1, 100'000);
  const auto hidden = whole(map, "hidden", 1, 4096);
  const auto seed = whole(map, "seed", 0, std::numeric_limits<std::int64_t>::max());
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

}  // namespace

base::Result<Options> parse_options(const std::vector<std::string>& arguments) {
  po::variables_map map;
  try {
    po::store(po::command_line_parser(arguments)
                  .options(described())
                  .positional(po::positional_options_description())
                  .run(),
              map);
  } catch (const po::error& error) {
    return base::fail(base::Code::invalid, error.what());
  }
  const auto settings = read_settings(map);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  return Options{.settings = *settings,
                 .data = map["data"].as<std::string>(),
                 .checkpoint = map["checkpoint"].as<std::string>(),
                 .help = map.contains("help")};
}

std::string help_text() {
  std::ostringstream text;
  text << "Usage: muster run digits [OPTIONS]\n\n"
          "Trains a small neural network on handwritten digits, data-parallel over all ranks, and "
          "prints\n"
          "the share of held-out digits that it then recognises.\n\n"
       << described();
  return text.str();
}

}  // namespace digits
