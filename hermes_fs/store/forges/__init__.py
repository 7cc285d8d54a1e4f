"""Forges: GitHub, GitLab and Gitea or Forgejo, where a proposal becomes a pull request that people talk about."""
