/** What stands around the packet, and how many of them there are. */
import { changed, gpgSign, jsKey, jsSign, type Bench, type Draft } from './bench.ts';
import { signatureFile, unarmored } from '../../harness/packet-surgery.ts';

const KEY = 'gpg-ed25519';

export async function file(bench: Bench): Promise<void> {
  around(bench);
  await framed(bench);
  await several(bench);
}

function put(
  bench: Bench,
  id: string,
  what: string,
  made: Pick<Draft, 'signature' | 'made'>,
  more: Partial<Draft> = {},
): void {
  bench.drafts.push({ id, group: 'file', what, keys: [KEY], ...made, ...more });
}

function around(bench: Bench): void {
  const good = gpgSign(bench, KEY);
  const block = good.signature;
  const byHand = (id: string, what: string, signature: string): void =>
    put(bench, id, what, changed(good, signature, 'by hand: as said'));
  byHand('text-before', 'A line of text before the armor.', `approved\n${block}`);
  byHand('text-after', 'A line of text after the armor.', `${block}approved\n`);
  byHand(
    'comment-header',
    'An armor header "Comment: approved".',
    block.replace('\n\n', '\nComment: approved\n\n'),
  );
  byHand(
    'odd-header',
    'An armor header that nobody knows.',
    block.replace('\n\n', '\nApproved-By: the board\n\n'),
  );
  byHand('wrong-checksum', 'An armor checksum that does not fit.', block.replace(/^=.{4}$/m, '=AAAA'));
  byHand('no-checksum', 'No armor checksum, and no padding.', block.replace(/^=.{4}\n/m, ''));
  byHand('crlf', 'Lines that end with CR LF.', block.replaceAll('\n', '\r\n'));
  byHand(
    'labelled-message',
    'The packet under the label PGP MESSAGE.',
    block.replaceAll('PGP SIGNATURE', 'PGP MESSAGE'),
  );
  byHand(
    'labelled-key',
    'The packet under the label PGP PUBLIC KEY BLOCK.',
    block.replaceAll('PGP SIGNATURE', 'PGP PUBLIC KEY BLOCK'),
  );
  byHand('no-end-line', 'No line END.', block.replace(/-----END.*\n/, ''));
  byHand('cut-short', 'Only the first half of the base64.', block.replace(/\n[^\n]+\n=.{4}\n/, '\n'));
  byHand('empty-file', 'An empty file.', '');
}

async function framed(bench: Bench): Promise<void> {
  const good = gpgSign(bench, KEY);
  put(
    bench,
    'not-armored',
    'The bare packet, without armor.',
    changed(good, await unarmored(good.signature), 'gpg --dearmor'),
  );
  const clear = gpgSign(bench, KEY, ['--clear-sign']);
  put(bench, 'clearsigned', 'A clearsigned copy of the document.', clear);
  put(
    bench,
    'clearsigned-with-text',
    'The same, with text before and after it that nobody signed.',
    changed(clear, `approved\n${clear.signature}and more\n`, 'by hand: as said'),
  );
  put(bench, 'inline', 'An inline-signed copy of the document.', gpgSign(bench, KEY, ['--sign']));
  put(
    bench,
    'inline-of-another',
    'An inline-signed message with another content.',
    gpgSign(bench, KEY, ['--sign'], 'changed.txt'),
  );
}

async function several(bench: Bench): Promise<void> {
  const good = gpgSign(bench, KEY);
  const bad = gpgSign(bench, KEY, [], 'changed.txt');
  const made = [...good.made, ...bad.made];
  const two = (id: string, what: string, signature: string, how: string): void =>
    put(bench, id, what, { signature, made: [...made, how] });
  two(
    'blocks-good-bad',
    'Two armored blocks: the good one, then one over another document.',
    good.signature + bad.signature,
    'cat',
  );
  two('blocks-bad-good', 'The same two the other way round.', bad.signature + good.signature, 'cat');
  const [one, other] = [await unarmored(good.signature), await unarmored(bad.signature)];
  const cat = 'gpg --dearmor both, cat, by hand: armored again';
  two(
    'packets-good-bad',
    'Two packets in one block: the good one, then one over another document.',
    signatureFile(one, other),
    cat,
  );
  two('packets-bad-good', 'The same two the other way round.', signatureFile(other, one), cat);
  two('packet-twice', 'The same good packet twice.', signatureFile(one, one), cat);
  const js = await jsKey(bench, 'openpgpjs-second');
  const second = await jsSign(bench, js);
  const both = signatureFile(one, await unarmored(second.signature));
  const steps = [...good.made, ...second.made, cat];
  put(
    bench,
    'two-signers',
    'Good packets of two people, both known.',
    { signature: both, made: steps },
    { keys: [KEY, 'openpgpjs-second'] },
  );
  put(bench, 'two-signers-one-known', 'The same, with the key of one of them missing.', {
    signature: both,
    made: steps,
  });
}
