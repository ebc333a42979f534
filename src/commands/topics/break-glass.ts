import { code, list, say, section, type Topic } from './topic.ts';

export const BREAK_GLASS: Topic = {
  name: 'break-glass',
  title: 'the role for emergencies, which is dormant in this version',
  sections: [
    section(
      'DESCRIPTION',
      say(
        'Every environment gets a role break-glass, complete and ready: it may read older versions of the state and write the state, take locks and digests away, read and replace the bucket policy, and enable the key again or stop its deletion. It may not delete versions, the bucket or the key: the policies of both exempt it from what they deny everybody else, but its own permissions do not hold these calls.',
      ),
      say(
        'This version makes it dormant: its trust policy denies everybody, the root user and the administrators of the account too, and no command of govboot opens it. There is no hidden way. The role break-glass of a person in policies/trust.yaml signs nothing yet; it is there so that the list can be kept today.',
      ),
    ),
    section(
      'WHAT TO DO IN AN EMERGENCY',
      say('First see whether it is one. Most of what looks like it has a way that leaves signed evidence:'),
      list(
        ['a run was cut off', '`govboot apply ENVIRONMENT --resume`'],
        [
          'a control has drifted',
          'an intent with `--action correct`: it writes what the lock says, and nothing else',
        ],
        ['the policy must change', 'release the change, then an intent with `--action supersede`'],
        [
          'a Terraform lock was left behind',
          'the operator role may take it away, by `terraform force-unlock` with the id that Terraform shows',
        ],
        ['the evidence is lost for good', 'an intent with `--action adopt`'],
      ),
      say(
        'Where none of that is enough, an administrator of the AWS account opens the role by hand, outside of govboot:',
      ),
      list(
        ['1', 'Two people agree, in the ticket, what is to be done and until when.'],
        [
          '2',
          'The administrator keeps the present trust policy (`aws iam get-role`), and replaces it with one that lets in one named person, with a second factor (`aws iam update-assume-role-policy`). CloudTrail records it.',
        ],
        ['3', 'That person assumes the role, repairs, and says in the ticket what was done.'],
        ['4', 'The administrator puts the trust policy back as it was.'],
        [
          '5',
          '`govboot plan ENVIRONMENT` shows whether everything is as the lock says. What is not is brought back by an intent with `--action correct`; what somebody added is shown and refused until it is removed by hand.',
        ],
      ),
      say(
        'govboot does not see what was done in between: the evidence says nothing of it, CloudTrail and the ticket do. While the role is open the backend is not as its lock says, and an intent that supersedes is refused: with DRIFTED, or with FOREIGN_VALUE for a statement that is not one of ours.',
      ),
    ),
    section(
      'EXAMPLES',
      say('Step 2 and step 4, for dev of the organisation acme:'),
      code(
        'aws iam get-role --role-name acme-dev-break-glass \\',
        '  --query Role.AssumeRolePolicyDocument > closed.json',
        'aws iam update-assume-role-policy \\',
        '  --role-name acme-dev-break-glass \\',
        '  --policy-document file://open.json',
        'aws iam update-assume-role-policy \\',
        '  --role-name acme-dev-break-glass \\',
        '  --policy-document file://closed.json',
      ),
      say('open.json names one person, and nobody else:'),
      code(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",',
        '  "Principal": {"AWS": "arn:aws:iam::111111111111:user/alice"},',
        '  "Action": "sts:AssumeRole",',
        '  "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]}',
      ),
    ),
    section(
      'FILES',
      list(
        [
          'policies/parity.yaml',
          '`roles.break-glass`: its longest session and the second factor; no principals',
        ],
        ['policies/trust.yaml', '`people[].roles` and `thresholds.break-glass`: kept, and not used yet'],
      ),
    ),
  ],
  seeAlso: ['govboot help trust', 'govboot help evidence', 'docs/roles.md', 'docs/controls.md'],
};
