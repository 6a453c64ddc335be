#include "launcher/exec/end_signal.h"

#include <csignal>
#include <utility>

namespace exec {

namespace {

void change_mask(int how) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTERM);
  pthread_sigmask(how, &mask, nullptr);
}

}  // namespace

void EndSignal::hold() {
  change_mask(SIG_BLOCK);
}

EndSignal::EndSignal(loop::Loop& loop, std::function<void()> told)
    : signal_(loop, SIGTERM, std::move(told)) {}

void EndSignal::heed() {
  change_mask(SIG_UNBLOCK);
}

EndSignal::~EndSignal() {
  hold();
}

}  // namespace exec
