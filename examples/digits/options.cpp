#include "examples/digits/options.h"

#include <boost/program_options.hpp>
#include <sstream>

namespace digits {
namespace {

namespace po = boost::program_options;

po::options_description described() {
  auto options = described_settings({}, "over all ranks");
  options.add_options()("checkpoint",
                        po::value<std::string>()->value_name("FILE")->default_value(""),
                        "written after each epoch, resumed from when it exists");
  return options;
}

}  // namespace

base::Result<Options> parse_options(const std::vector<std::string>& arguments) {
  const auto map = parse_arguments(arguments, described());
  if (!map) {
    return std::unexpected(map.error());
  }
  const auto settings = read_settings(*map);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  return Options{.settings = *settings,
                 .data = (*map)["data"].as<std::string>(),
                 .checkpoint = (*map)["checkpoint"].as<std::string>(),
                 .help = map->contains("help")};
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
