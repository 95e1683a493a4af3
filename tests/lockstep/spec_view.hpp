// SPDX-License-Identifier: BSD-2-Clause
// The specification's objects in the same words as kernel_view.hpp has the kernel's.
#pragma once

#include <lockstep/record.hpp>

#include <spec/system.hpp>

namespace lockstep::spec_view {

Record slot(const spec::Slot& slot);
Record thread(spec::Thread& thread);
Record endpoint(const spec::Endpoint& endpoint);
Record notification(const spec::Notification& notification);
Record reply(const spec::Reply& reply);
Record sched_context(const spec::System& system, const spec::SchedContext& context);
Record asid_pool(const spec::AsidPool* pool);
Record queue(const std::deque<spec::Thread*>& queue);
Record irq_line(const spec::IrqLine* line);
Record pin(const spec::Pin& pin);
Record fpu(const spec::Thread& thread);

} // namespace lockstep::spec_view
