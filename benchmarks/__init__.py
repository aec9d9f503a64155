"""What Vitrine costs and how far it falls behind the wire, beside a plain ``gr.ChatInterface``. Run ``make bench``."""
