"""What a scripted node answers to the commands."""

from jetstream.entities import Destination, Manifest, Offer, ReceiveTransfer, ServerInfo, Token, Transfer, to_wire

INFO = ServerInfo(api_version=40, version="0.1.0", server_id="a", server_uid="b", server_name="n", host_name="h",
                  api_control_port=8886, receive_port=7777, public_key="p", fingerprint="f", auth_required=False)
MANIFEST = Manifest(manifest_id="2", status="complete", processing=False, total_files=2, total_size=2_000_000,
                    scanned_files=2, scanned_size=2_000_000, label="docs")
DESTINATION = Destination(destination_id="42", destination_address="studio", destination_port=8886)
SENDING = Transfer(transfer_id="17", manifest_id="2", destination_id="42", status="sending", processing=True,
                   phase="sending", label="docs", total_files=2, total_bytes=2_000_000, bytes_acked=500_000,
                   request_time=1)
COMPLETE = Transfer(transfer_id="17", manifest_id="2", destination_id="42", status="complete", processing=False,
                    label="docs", total_files=2, files_done=2, total_bytes=2_000_000, bytes_acked=2_000_000,
                    request_time=1, start_time=1_000_000, end_time=3_000_000)
RECEIVED = ReceiveTransfer(transfer_id="9", status="complete", processing=False, total_files=1, total_size=5,
                           bytes_recv=5, folder="/in", label="film", peer_name="studio", request_time=2)
OFFER = Offer(offer_id="123456", peer_name="Ann's laptop", peer_fingerprint="ab" * 32, source_ip="192.0.2.7",
              label="reel07", total_files=412, total_size=2_000_000, folder="/in", free_space=1_000_000)
TOKEN = Token(token="MAYWEBRO.TRUPO.VEVEEBLU", manifest_id="2",
              link="jetstream://here/download?token=MAYWEBRO.TRUPO.VEVEEBLU")


def later(*answers):
    """One answer after the other, the last one again and again."""
    rest = [to_wire(answer) for answer in answers]
    return lambda params: rest.pop(0) if len(rest) > 1 else rest[0]
