from jetstream.constants import SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream_desktop.state.basket import Basket, Found, Kind
from jetstream_desktop.state.counting import Count, of_basket, send_label, total

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


def test_the_button_says_verb_amount_and_target():
    assert send_label(Count(412, 5, True), "Studio B") == "Send 412 files to Studio B"
    assert send_label(Count(412, 5), "Studio B") == send_label(Count(complete=True), "Studio B") == "Send to Studio B"
    assert send_label(Count(), None) == "Choose where to send"
