// SPDX-License-Identifier: BSD-2-Clause
#include <tests/pagers/subject.hpp>

#include <abi/boot_info.hpp>

namespace conformance {

Result<void> Post::make(Stage& stage, const Provision& provision) {
    if (endpoint.is_null()) {
        endpoint = TRY(stage.object<sys::Endpoint>());
        reply_ = TRY(stage.object<sys::Reply>());
        first_frame_ = TRY(stage.slots(most_frames));
        first_table_ = TRY(stage.slots(most_tables));
        region = {Stage::start, Stage::pages, TRY(stage.slots(Stage::pages)), sys::PageTables(stage.client_space()),
                  provision.rights};
    }
    tables_ = sys::pager::TableStock(stage.memory(), stage.space().cnode(), first_table_, most_tables);
    frames.emplace(sys::pager::FrameStore::Layout{first_frame_, Stage::pager_window + thread_ * Stage::window_bytes},
                   std::span(owners_).first(provision.frames));
    TRY(frames->fill(stage.memory(), stage.space().cnode(), sys::VSpace(abi::root_slot::vspace), tables_));
    return {};
}

void Post::end(Stage& stage) {
    stage.platform().end_thread(thread_);
    static_cast<void>(stage.space().at(reply_.slot()).recall());
}

} // namespace conformance
