#include "examples/parameter-server/options.h"

#include <boost/program_options.hpp>
#include <sstream>

namespace parameter_server {
namespace {

namespace po = boost::program_options;

constexpr digits::Settings defaults{.epochs = 30, .batch = 16, .learning_rate = 0.1};

po::options_description described() {
  auto options = digits::described_settings(defaults, "of one worker");
  options.add_options()(
      "checkpoint", po::value<std::string>()->value_name("FOLDER")->default_value(""),
      "where servers write their weights after each epoch; resumed from when there are any")(
      "slow", po::value<std::string>()->value_name("MS")->default_value("0"),
      "pause of a worker after each batch, in milliseconds");
  return options;
}

}  // namespace

base::Result<Options> parse_options(const std::vector<std::string>& arguments) {
  const auto map = digits::parse_arguments(arguments, described());
  if (!map) {
    return std::unexpected(map.error());
  }
  const auto settings = digits::read_settings(*map);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  const auto slow_ms = digits::read_number(*map, "slow", 0, 60'000);
  if (!slow_ms) {
    return std::unexpected(slow_ms.error());
  }
  return Options{.settings = *settings,
                 .data = (*map)["data"].as<std::string>(),
                 .checkpoint = (*map)["checkpoint"].as<std::string>(),
                 .slow = std::chrono::milliseconds(*slow_ms),
                 .help = map->contains("help")};
}

std::string help_text() {
  std::ostringstream text;
  text << "Usage: muster run parameter-server [OPTIONS]\n\n"
          "Trains a small neural network on handwritten digits: servers hold its weights, workers "
          "pull\n"
          "them and push gradients, each at its own pace. Worker 0 prints the share of held-out "
          "digits\n"
          "that the network then recognises.\n\n"
       << described();
  return text.str();
}

}  // namespace parameter_server
