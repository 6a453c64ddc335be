#include "examples/parameter-server/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "examples/digits/epoch.h"
#include "examples/digits/place.h"
#include "examples/parameter-server/say.h"
#include "examples/parameter-server/shard.h"
#include "examples/parameter-server/socket.h"

namespace parameter_server {
namespace {

constexpr std::chrono::seconds patience_for_servers(10);
constexpr std::chrono::milliseconds pause_between_looks(20);

struct Link {
  Socket socket;
  Range range;
  std::string name;
};

/// All servers as one: together they hold the whole network.
class Servers {
 public:
  static base::Result<Servers> connect(const Roster& roster, std::size_t n_parameters) {
    Servers servers;
    for (std::uint32_t i = 0; i < roster.n_servers(); ++i) {
      const auto name = fmt::format("server {} at {}", i, to_text(roster.servers[i]));
      auto socket = connect_to(roster.servers[i], patience_for_servers);
      if (!socket) {
        return std::unexpected(std::move(socket).error().in(name));
      }
      servers.links_.push_back({.socket = *std::move(socket),
                                .range = range_of(n_parameters, i, roster.n_servers()),
                                .name = name});
      const Hello hello{.worker = roster.index,
                        .n_workers = roster.n_workers(),
                        .server = i,
                        .n_servers = roster.n_servers(),
                        .n_parameters = static_cast<std::uint32_t>(n_parameters)};
      if (auto sent = send(servers.links_.back(), encode(hello)); !sent) {
        return std::unexpected(sent.error());
      }
    }
    return servers;
  }

  /// The whole network, and how many epochs all workers have finished by what all servers know.
  base::Result<Weights> pull() const {
    for (const Link& link : links_) {
      if (auto sent = send(link, encode_pull()); !sent) {
        return std::unexpected(sent.error());
      }
    }
    Weights all{.finished = std::numeric_limits<std::uint32_t>::max(), .values = {}};
    for (const Link& link : links_) {
      const auto part = receive_weights(link);
      if (!part) {
        return std::unexpected(part.error().in(link.name));
      }
      all.finished = std::min(all.finished, part->finished);
      all.values.insert(all.values.end(), part->values.begin(), part->values.end());
    }
    return all;
  }

  base::Result<void> push(std::span<const double> gradient) const {
    for (const Link& link : links_) {
      const auto part = gradient.subspan(link.range.first, link.range.count);
      if (auto sent = send(link, encode_push(part)); !sent) {
        return sent;
      }
    }
    return {};
  }

  base::Result<void> finished(std::uint32_t epochs) const {
    for (const Link& link : links_) {
      if (auto sent = send(link, encode_finished(epochs)); !sent) {
        return sent;
      }
    }
    return {};
  }

 private:
  static base::Result<void> send(const Link& link, std::string_view bytes) {
    auto sent = send_all(link.socket, bytes);
    return sent ? sent : std::unexpected(std::move(sent).error().in(link.name));
  }

  static base::Result<Weights> receive_weights(const Link& link) {
    const auto frame = receive(link.socket, link.range.count);
    if (!frame) {
      return std::unexpected(frame.error());
    }
    if (!*frame) {
      return base::fail(base::Code::unavailable,
                        "closed the connection; what it has written says why");
    }
    if ((*frame)->kind != Kind::weights) {
      return base::fail(base::Code::corrupt,
                        fmt::format("expected weights, got {}", to_text((*frame)->kind)));
    }
    return decode_weights(**frame);
  }

  std::vector<Link> links_;
};

/// One worker's training: what it knows and whom it talks to.
class Training {
 public:
  Training(const Roster& roster, const Options& options, const digits::Split& split,
           const Servers& servers)
      : roster_(roster), options_(options), split_(split), servers_(servers) {}

  base::Result<void> run() const {
    const auto start = servers_.pull();
    if (!start) {
      return std::unexpected(start.error());
    }
    if (roster_.is_first_worker() && start->finished > 0) {
      say(fmt::format("resumed from epoch {}", start->finished));
    }
    for (std::uint32_t epoch = start->finished; epoch < options_.settings.epochs; ++epoch) {
      if (auto trained = train_epoch(epoch); !trained) {
        return trained;
      }
    }
    return roster_.is_first_worker() ? report_end() : base::Result<void>();
  }

 private:
  base::Result<void> train_epoch(std::uint32_t epoch) const {
    const digits::Settings& settings = options_.settings;
    const auto order = digits::epoch_order(split_.train.size(), settings.seed, epoch);
    const auto mine =
        digits::share_of(order, {.rank = roster_.index, .n_ranks = roster_.workers.size()});
    double loss = 0;
    for (std::size_t at = 0; at < mine.size(); at += settings.batch) {
      const auto size = std::min<std::size_t>(settings.batch, mine.size() - at);
      const auto batch_loss = train_batch(mine.subspan(at, size));
      if (!batch_loss) {
        return std::unexpected(batch_loss.error());
      }
      loss += *batch_loss;
      std::this_thread::sleep_for(options_.slow);
    }
    const double mean = loss / static_cast<double>(std::max<std::size_t>(mine.size(), 1));
    if (auto hopeful = digits::check_loss(settings, epoch + 1, mean); !hopeful) {
      return hopeful;
    }
    if (auto told = servers_.finished(epoch + 1); !told) {
      return told;
    }
    return roster_.is_first_worker() ? report_epoch(epoch + 1, mean) : base::Result<void>();
  }

  /// returns   the sum of the losses
  base::Result<double> train_batch(std::span<const std::uint32_t> batch) const {
    const auto weights = servers_.pull();
    if (!weights) {
      return std::unexpected(weights.error());
    }
    std::vector<double> gradient(weights->values.size());
    const double loss = digits::add_gradient(options_.settings.shape(), weights->values,
                                             split_.train, batch, gradient);
    for (double& value : gradient) {
      value /= static_cast<double>(batch.size());
    }
    if (auto pushed = servers_.push(gradient); !pushed) {
      return std::unexpected(pushed.error());
    }
    return loss;
  }

  double accuracy(const Weights& weights) const {
    return digits::accuracy(options_.settings.shape(), weights.values, split_.held_out);
  }

  base::Result<void> report_epoch(std::uint32_t epoch, double loss) const {
    const auto weights = servers_.pull();
    if (!weights) {
      return std::unexpected(weights.error());
    }
    say(fmt::format("epoch {} loss {:.4f} accuracy {:.4f}", epoch, loss, accuracy(*weights)));
    return {};
  }

  /// The accuracy is that of all workers' work, so the first one waits for the last.
  base::Result<void> report_end() const {
    auto weights = servers_.pull();
    while (weights && weights->finished < options_.settings.epochs) {
      std::this_thread::sleep_for(pause_between_looks);
      weights = servers_.pull();
    }
    if (!weights) {
      return std::unexpected(weights.error());
    }
    say(fmt::format("accuracy {:.4f}", accuracy(*weights)));
    return {};
  }

  const Roster& roster_;
  const Options& options_;
  const digits::Split& split_;
  const Servers& servers_;
};

}  // namespace

base::Result<void> work(const Roster& roster, const Options& options) {
  const auto all_digits = digits::load_digits(options.data);
  if (!all_digits) {
    return std::unexpected(all_digits.error());
  }
  const auto split = digits::hold_out_every_fifth(*all_digits);
  const auto servers = Servers::connect(roster, options.settings.shape().n_parameters());
  if (!servers) {
    return std::unexpected(servers.error());
  }
  say(fmt::format("worker {} of {} host {} cores {}", roster.index, roster.n_workers(),
                  digits::host_name(), digits::bound_cores()));
  return Training(roster, options, split, *servers).run();
}

}  // namespace parameter_server
