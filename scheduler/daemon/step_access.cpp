#include "scheduler/daemon/step_access.h"

#include <unistd.h>

#include <cstdint>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/address.h"
#include "lib/loop/files.h"
#include "lib/loop/secret.h"

namespace musterd {

namespace {

constexpr std::size_t key_bytes = 32;

// Below those that ranks meet at (launcher/exec/free_port.h) and that the kernel gives to anybody.
constexpr unsigned first_head_port = 12'000;
constexpr unsigned n_head_ports = 8'000;
constexpr std::size_t n_candidates = 4;
constexpr std::size_t digits_each = 8;

bool is_key(std::string_view text) {
  return text.size() == 2 * key_bytes &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

base::Result<StepAccess> StepAccess::open(const Paths& paths) {
  auto text = loop::read_file(paths.key(), 4096);
  if (!text && text.error().code == base::Code::not_found) {
    text = loop::random_hex(key_bytes);
    auto written = loop::write_file_atomic(paths.key(), *text + "\n", {.mode = 0600, .sync = true});
    if (!written) return std::unexpected(std::move(written).error());
  }
  if (!text) return std::unexpected(std::move(text).error());
  const auto key = base::trim(*text);
  if (!is_key(key)) {
    return base::fail(base::Code::corrupt,
                      "'" + paths.key() + "' is not a key of " + std::to_string(2 * key_bytes) +
                          " hex digits; while no job runs it may be removed and is made anew");
  }
  return StepAccess(paths.run_dir(), std::string(key));
}

StepAccess::StepAccess(std::string run_dir, std::string key)
    : run_dir_(std::move(run_dir)), key_(std::move(key)) {}

std::string StepAccess::in_run_dir(const std::string& name, std::uint32_t user,
                                   bool is_machine) const {
  // The agent of a machine may be root's where musterd is not.
  const bool has_none = user == geteuid() && (user == 0 || !is_machine);
  const std::string place = has_none ? name : std::to_string(user) + "/" + name;
  return is_machine ? place : run_dir_ + "/" + place;
}

StepAccess::HeadPlace StepAccess::head_place(const model::LaunchKey& step, std::uint32_t user,
                                             const std::optional<std::string>& machine) const {
  HeadPlace place{.local = "unix:" + in_run_dir(to_text(step) + ".sock", user, machine.has_value()),
                  .tls = {}};
  if (!machine) return place;
  // Nobody else can tell them before, to be there first.
  const auto digits = loop::hmac_sha256_hex(key_, "ports of " + to_text(step));
  for (std::size_t i = 0; i < n_candidates; ++i) {
    const auto number = std::stoul(digits.substr(i * digits_each, digits_each), nullptr, 16);
    const auto port = static_cast<std::uint16_t>(first_head_port + number % n_head_ports);
    place.tls.push_back(to_text(loop::TlsAddress{{*machine, port}}));
  }
  return place;
}

std::string StepAccess::secret(const model::LaunchKey& step) const {
  return loop::hmac_sha256_hex(key_, to_text(step));
}

}  // namespace musterd
