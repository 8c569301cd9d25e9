using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>How much a cache lacks of a data set.</summary>
internal static class MissingRows
{
    /// <summary>Different contents, once for each view, that the cache does not have at the backbone's first tap. Images that cannot be read are none.</summary>
    /// <param name="backbone">The backbone.</param>
    /// <param name="dataset">The images, each of which is read unless the cache remembers its content; none is decoded.</param>
    /// <param name="cache">The cache.</param>
    /// <param name="settings">How they would be decoded.</param>
    /// <param name="views">Which views; null: the images as they are.</param>
    /// <param name="cancellation">Ends it.</param>
    public static long Count(
        Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings settings, IEnumerable<AugmentedView?> views, CancellationToken cancellation)
    {
        using var files = new ImageBytes();
        var decoders = ImageDecoders.Default.WithJpeg(settings.Jpeg, backbone.Preprocessing);
        long missing = 0;
        foreach (var view in views)
        {
            var spaces = new SpaceSet(cache, backbone, view);
            var preparer = new ImagePreparer(backbone, cache, spaces, files, decoders, new PipelineClocks(), view);
            var found = new HashSet<ImageIdentity>();
            foreach (var image in new DatasetImages(dataset.Items))
            {
                cancellation.ThrowIfCancellationRequested();
                if (Identity(preparer, image) is { } identity && spaces.For(identity.Decoder)[0].Find(identity.Key) is null)
                {
                    found.Add(identity);
                }
            }

            missing += found.Count;
        }

        return missing;
    }

    private static ImageIdentity? Identity(ImagePreparer preparer, ImageSource image)
    {
        try
        {
            return preparer.Prepare(image, _ => false).Image;
        }
        catch (OnnxTransferException)
        {
            return null;
        }
    }
}
