"""What the shop says by itself: news, how one wants to be told, and how mails end."""
