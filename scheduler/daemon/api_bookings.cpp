// Nodes that are set aside for a time.

#include <algorithm>
#include <utility>

#include "scheduler/daemon/api.h"

namespace musterd {

void Api::bookings(Ask ask) {
  std::vector<model::BookingRecord> records;
  for (const auto& [name, standing] : parts_.driver.engine().state().bookings) {
    if (model::is_node_end(name)) continue;
    records.push_back(parts_.driver.engine().record_of(standing));
  }
  std::ranges::stable_sort(records, {}, &model::BookingRecord::start);
  ask.responder.send(json_response(wire::to_json(records)));
}

void Api::book(Ask ask) {
  auto spec = wire::booking_spec_from_json(ask.request.body);
  if (!spec) return ask.responder.fail(spec.error());
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::MakeBooking{request, std::move(ask.user), std::move(*spec)};
      },
      [](const scheduler::Answer& answer) {
        return wire::booking_reply_json(std::get<std::string>(answer));
      });
}

void Api::cancel_booking(Ask ask) {
  auto name = wire::booking_reply_from_json(ask.request.body);
  if (!name) {
    return ask.responder.fail(
        {base::Code::invalid, "the body is not {\"name\": ...}: " + name.error().text});
  }
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::CancelBooking{request, std::move(ask.user), std::move(*name)};
      },
      [](const scheduler::Answer&) { return std::string("{}"); });
}

}  // namespace musterd
