using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// Decoder and content of each image of a run, and which of those with equal content is the one to embed. Claims are
/// numbers of images, compared by what these hold, so that no content is kept twice.
/// </summary>
internal sealed class ImageClaims : IEqualityComparer<int>
{
    private readonly HashSet<int> _claimed;

    public ImageClaims(int images) => (Images, _claimed) = (new ImageIdentity[images], new HashSet<int>(this));

    /// <summary>By number of the image; a null decoder where it is not known yet, or failed.</summary>
    public ImageIdentity[] Images { get; }

    /// <summary>Says what image number <paramref name="index"/> holds; true for the first with this content.</summary>
    public bool Claim(int index, ImageIdentity image)
    {
        Images[index] = image;
        lock (_claimed)
        {
            return _claimed.Add(index);
        }
    }

    /// <summary>True when another image with this content was the one to embed. For the end of a run.</summary>
    public bool IsTwin(int index) => _claimed.TryGetValue(index, out var first) && first != index;

    bool IEqualityComparer<int>.Equals(int x, int y) => Images[x] == Images[y];

    int IEqualityComparer<int>.GetHashCode([DisallowNull] int obj) => Images[obj].Key.GetHashCode();
}
