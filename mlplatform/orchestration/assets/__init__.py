"""The asset graph, one file a group; an asset's file reads as its data card."""
