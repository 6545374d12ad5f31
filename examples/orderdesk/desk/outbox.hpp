// The consumer's database: the ledger of e-mails that went out, and the inbox beside it, which keeps the ids of messages
// that have taken effect.
//
// Effect and inbox row in ONE transaction is what leaves no window: either both are there, or none is.
#pragma once

#include "broker.hpp"
#include "database.hpp"

#include <filesystem>
#include <string>

namespace orderdesk {

class outbox {
public:
    /// `setting`: what guards the consumers, for the judge.
    static void make(const std::filesystem::path& file, const std::string& setting);
    explicit outbox(const std::filesystem::path& file);

    /// "Sends" the e-mail.
    void send(const letter& l, const std::string& consumer);
    /// The same, unless the inbox knows the message; false, and the conflict is counted, when it does.
    bool send_once(const letter& l, const std::string& consumer);

    /// This one was put aside.
    void quarantine(const letter& l, const std::string& why);
    /// This incarnation of a consumer was killed.
    void note_killed(const std::string& consumer);
    /// For whoever follows: e-mails so far.
    int sent();

private:
    database db_;
};

}  // namespace orderdesk
