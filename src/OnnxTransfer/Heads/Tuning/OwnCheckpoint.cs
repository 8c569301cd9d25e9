using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>The checkpoint of a training whose caller named none: in the cache, under a name that says what is trained.</summary>
internal static class OwnCheckpoint
{
    /// <summary>Its file: a run that is the same in all that decides its weights goes on where the last one ended.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="identity">All that decides the weights.</param>
    public static string At(EmbeddingCache cache, IEnumerable<string> identity)
    {
        string folder = Path.Combine(cache.Folder, TunedBackbone.Folder);
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, Hash(identity) + CachePruner.CheckpointEnding);
    }

    /// <summary>32 hexadecimal digits that stand for texts.</summary>
    public static string Hash(IEnumerable<string> texts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', texts))))[..32];

    /// <summary>The answers that a training is to give for items, as its identity tells them.</summary>
    public static string Answers(EmbeddingSet set) => string.Join(
        '\n', string.Join(',', set.Labels), string.Join(',', set.LabelSets.Select(labels => string.Join('|', labels))), string.Join(',', set.Targets), string.Join(',', set.Weights));
}
