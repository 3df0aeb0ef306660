from jetstream.constants import SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream.entities import Destination
from jetstream_desktop.state.address import Choice
from jetstream_desktop.state.basket import Basket, Found, Kind
from jetstream_desktop.state.counting import Count, of_basket, remark, send_label, sentence, total

BASKET = Basket().add([Found("/f", Kind.FILE, 500), Found("/d", Kind.FOLDER), Found("/gone", Kind.MISSING)])


def test_a_folder_that_is_not_counted_yet_keeps_the_sum_open():
    assert of_basket(BASKET, {}) == Count(1, 500, False)
    assert of_basket(BASKET, {"/d": Count(4, 4000, True, 1)}) == Count(5, 4500, True, 1)
    assert total([]) == Count(complete=True)


def test_a_link_that_goes_as_a_link_is_no_file_and_what_is_left_out_is_not_counted():
    linked = Basket().add([Found("/f", Kind.FILE, 500), Found("/l", Kind.FOLDER, link=True)])
    assert of_basket(linked, {"/l": Count(9, 90, True)}, SYMLINK_PRESERVE) == Count(1, 500, True)
    assert of_basket(linked, {"/l": Count(9, 90, True)}, SYMLINK_IGNORE) == Count(10, 590, True)
    assert of_basket(linked.without("f"), {"/l": Count(9, 90, True)}) == Count(9, 90, True)


def test_sentences():
    assert sentence(Count(412, 18_200_000_000, True), "Studio B") == "412 files, 18.2 GB to Studio B"
    assert sentence(Count(1, 10), None) == "1 file, 10 B so far"


def test_the_button_says_verb_amount_and_target():
    assert send_label(Count(412, 5, True), "Studio B") == "Send 412 files to Studio B"
    assert send_label(Count(412, 5), "Studio B") == send_label(Count(complete=True), "Studio B") == "Send to Studio B"
    assert send_label(Count(), None) == "Choose where to send"


def test_remarks():
    place = Destination(destination_id="1", destination_address="b", destination_port=8886, last_rate=8_000)
    known = Choice("1", "B", "", True, place)
    assert remark(Count(3, 60_000_000, True), None, known) == "About 1 min at the speed of last time."
    assert remark(Count(3, 60_000_000, True), "It is gone.", known) == "It is gone."
    assert remark(Count(3, 60_000_000, True), None, None) == ""
    assert remark(Count(3, 0, False, 2), None, known) == (
        "Still counting; it can start right away. 2 cannot be read and will be left out.")
    assert remark(Count(3, 0, True), None, Choice("here", "B", "", False, note="Not reached.")) == "Not reached."
