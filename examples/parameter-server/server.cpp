#include "examples/parameter-server/server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include "examples/digits/place.h"
#include "examples/parameter-server/say.h"
#include "examples/parameter-server/shard.h"
#include "examples/parameter-server/socket.h"

namespace parameter_server {
namespace {

/// A worker says hello at once.
constexpr std::chrono::seconds patience_for_hello(10);

/// Room for peers that are no workers, and for workers that come back before their old connection
/// is known to be gone.
constexpr std::uint32_t spare_connections = 64;

/// What keeps a connection from being accepted, such as too many open files, takes time to pass.
constexpr std::chrono::milliseconds pause_after_failure(100);

/// What the threads of all connections share. They wait for peers that may never speak, so nobody
/// waits for them: the end of the process ends them.
struct Served {
  Served(const Roster& all, const Options& given)
      : roster(all),
        options(given),
        name{.server = all.index, .n_servers = all.n_servers(), .hidden = given.settings.hidden},
        shard(name, given.settings, all.n_workers()) {}

  std::size_t n_weights() const { return name.range().count; }

  const Roster roster;
  const Options options;
  const ShardName name;
  Shard shard;
  std::atomic<std::uint32_t> n_connections{0};
};

std::string file_of(const Served& served) {
  return fmt::format("{}/shard-{}", served.options.checkpoint, served.name.server);
}

base::Result<void> save(Served& served) {
  return served.options.checkpoint.empty() ? base::Result<void>()
                                           : served.shard.save(file_of(served));
}

base::Result<void> load(Served& served) {
  if (served.options.checkpoint.empty()) {
    return {};
  }
  std::error_code error;
  std::filesystem::create_directories(served.options.checkpoint, error);
  if (error) {
    return base::fail(base::Code::io, fmt::format("cannot create '{}': {}",
                                                  served.options.checkpoint, error.message()));
  }
  return served.shard.load(file_of(served));
}

base::Result<void> same_number(std::string_view what, std::uint64_t theirs, std::uint64_t ours) {
  return theirs == ours
             ? base::Result<void>()
             : base::fail(base::Code::conflict,
                          fmt::format("hello: {}: expected {}, got {}", what, ours, theirs));
}

/// Refuses workers of another run, or of one with other options.
base::Result<std::uint32_t> greet(const Served& served, const Frame& frame) {
  if (frame.kind != Kind::hello) {
    return base::fail(base::Code::corrupt,
                      fmt::format("expected hello first, got {}", to_text(frame.kind)));
  }
  const auto hello = decode_hello(frame);
  if (!hello) {
    return std::unexpected(hello.error());
  }
  const auto n_parameters = served.options.settings.shape().n_parameters();
  for (const auto& same : {same_number("servers", hello->n_servers, served.name.n_servers),
                           same_number("server number", hello->server, served.name.server),
                           same_number("workers", hello->n_workers, served.roster.n_workers()),
                           same_number("weights", hello->n_parameters, n_parameters)}) {
    if (!same) {
      return std::unexpected(same.error());
    }
  }
  if (hello->worker >= hello->n_workers) {
    return base::fail(base::Code::corrupt, fmt::format("hello: expected a worker below {}, got {}",
                                                       hello->n_workers, hello->worker));
  }
  return hello->worker;
}

base::Result<void> finish(Served& served, std::uint32_t worker, std::uint32_t epochs) {
  const auto all = served.shard.finish(worker, epochs);
  if (!all) {
    return std::unexpected(all.error());
  }
  if (*all) {
    // Training is worth more than its checkpoint: the next epoch tries again.
    if (auto saved = save(served); !saved) {
      complain(served.roster, saved.error().text);
    }
  }
  return {};
}

base::Result<void> answer(const Socket& peer, Served& served, std::uint32_t worker,
                          const Frame& frame) {
  switch (frame.kind) {
    case Kind::pull:
      return send_all(peer, encode(served.shard.pull()));
    case Kind::push: {
      const auto gradient = decode_push(frame);
      if (!gradient) {
        return std::unexpected(gradient.error());
      }
      served.shard.push(*gradient);
      return {};
    }
    case Kind::finished:
      return finish(served, worker, decode_finished(frame));
    case Kind::hello:
    case Kind::weights:
      break;
  }
  return base::fail(base::Code::corrupt,
                    fmt::format("expected pull, push or finished, got {}", to_text(frame.kind)));
}

/// Serves one peer until it closes its connection; any error ends the connection and nothing else.
base::Result<void> converse(const Socket& peer, Served& served) {
  limit_silence(peer, patience_for_hello);
  const auto first = receive(peer, served.n_weights());
  if (!first || !*first) {
    return first ? base::Result<void>() : std::unexpected(first.error());
  }
  const auto worker = greet(served, **first);
  if (!worker) {
    return std::unexpected(worker.error());
  }
  limit_silence(peer, std::chrono::seconds(0));
  while (true) {
    const auto frame = receive(peer, served.n_weights());
    if (!frame || !*frame) {
      return frame ? base::Result<void>() : std::unexpected(frame.error());
    }
    if (auto answered = answer(peer, served, *worker, **frame); !answered) {
      return answered;
    }
  }
}

void start_conversation(Socket peer, const std::shared_ptr<Served>& served) {
  const auto drop = [name = peer_of(peer), served](const std::string& why) {
    complain(served->roster, fmt::format("dropped {}: {}", name, why));
  };
  if (served->n_connections >= served->roster.n_workers() + spare_connections) {
    drop(fmt::format("there are {} connections", served->n_connections.load()));
    return;
  }
  ++served->n_connections;
  std::thread([peer = std::move(peer), served, drop] {
    if (const auto ended = converse(peer, *served); !ended) {
      drop(ended.error().text);
    }
    --served->n_connections;
  }).detach();
}

/// A descriptor that is readable once SIGTERM has come; threads started later leave the signal
/// alone.
base::Result<Socket> told_to_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Socket descriptor(signalfd(-1, &signals, SFD_CLOEXEC));
  if (descriptor.fd() < 0) {
    return base::fail_errno(errno, "cannot wait for SIGTERM");
  }
  return descriptor;
}

base::Result<void> accept_until(const Socket& told, const Socket& listener,
                                const std::shared_ptr<Served>& served) {
  std::array<pollfd, 2> ready{pollfd{.fd = told.fd(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = listener.fd(), .events = POLLIN, .revents = 0}};
  while (ready[0].revents == 0) {
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return base::fail_errno(errno, "cannot wait for connections");
    }
    if (ready[1].revents == 0) {
      continue;
    }
    if (auto peer = accept_from(listener)) {
      start_conversation(*std::move(peer), served);
    } else {
      complain(served->roster, peer.error().text);
      std::this_thread::sleep_for(pause_after_failure);
    }
  }
  return {};
}

}  // namespace

base::Result<void> serve(const Roster& roster, const Options& options) {
  const auto told = told_to_end();
  if (!told) {
    return std::unexpected(told.error());
  }
  const auto served = std::make_shared<Served>(roster, options);
  if (auto loaded = load(*served); !loaded) {
    return loaded;
  }
  const Address& address = roster.servers[roster.index];
  const auto listener = listen_on(address);
  if (!listener) {
    return std::unexpected(listener.error());
  }
  say(fmt::format("ps {} of {} host {} cores {} serves {} weights at {}", roster.index,
                  roster.n_servers(), digits::host_name(), digits::bound_cores(),
                  served->n_weights(), to_text(address)));
  if (auto accepted = accept_until(*told, *listener, served); !accepted) {
    return accepted;
  }
  return save(*served);
}

}  // namespace parameter_server
