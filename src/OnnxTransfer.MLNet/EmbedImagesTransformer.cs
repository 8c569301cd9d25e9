using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Appends the embedding of the image that a text column names. Cursors read ahead and embed whole windows of rows through the
/// cache, where a second pass finds them; a prediction engine runs one image at a time, and keeps nothing. Safe for many
/// threads; rows of several cursors are embedded in turn, each with all cores.
/// </summary>
public sealed class EmbedImagesTransformer : AppendingTransformer, IDisposable
{
    private readonly Backbone _backbone;
    private readonly EmbeddingCache _cache;
    private readonly EmbedImagesSettings _settings;
    private readonly WindowEmbedder _windows;
    private readonly ImageEmbedder _single;
    private readonly bool _ownsBoth;
    private bool _isClosed;

    internal EmbedImagesTransformer(
        string outputColumnName, string inputColumnName, Backbone backbone, EmbeddingCache cache, EmbedImagesSettings settings, bool ownsBoth = false)
    {
        (OutputColumnName, InputColumnName, _backbone, _cache, _settings, _ownsBoth) = (outputColumnName, inputColumnName, backbone, cache, settings, ownsBoth);
        _windows = new WindowEmbedder(backbone, cache, settings);
        _single = new ImageEmbedder(backbone, cache);
    }

    /// <summary>The column of embeddings.</summary>
    public string OutputColumnName { get; }

    /// <summary>The column of paths.</summary>
    public string InputColumnName { get; }

    /// <summary>What was done until now.</summary>
    public EmbedImagesWork Work => _windows.Work;

    /// <summary>Closes backbone and cache where <c>mlContext.Model.Load</c> has opened them; otherwise they are their owner's.</summary>
    public void Dispose()
    {
        if (_ownsBoth && !Interlocked.Exchange(ref _isClosed, true))
        {
            _backbone.Dispose();
            _cache.Dispose();
        }
    }

    internal override AppendedSchema Bind(DataViewSchema input)
    {
        var path = PathColumn(input);
        var embedding = new VectorDataViewType(NumberDataViewType.Single, _backbone.Width);
        return new AppendedSchema(input, [path], new DataViewSchema.DetachedColumn(OutputColumnName, embedding));
    }

    internal override DataViewRowCursor Cursor(AppendedSchema schema, DataViewRowCursor input, HashSet<int> active) =>
        new LookAheadCursor(schema, input, active, PathColumn(schema.Input), _backbone.BatchSize, _windows.Embed);

    internal override Delegate[] Getters(AppendedSchema schema, DataViewRow row)
    {
        var path = row.GetGetter<ReadOnlyMemory<char>>(PathColumn(schema.Input));
        return [(ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            var text = default(ReadOnlyMemory<char>);
            path(ref text);
            var editor = VBufferEditor.Create(ref value, _backbone.Width);
            EmbedOne(text.ToString(), editor.Values);
            value = editor.Commit();
        })];
    }

    internal override void Save(ModelSaveContext context) =>
        SavedEmbedImages.Of(OutputColumnName, InputColumnName, _backbone, _cache, _settings).Write(context);

    private DataViewSchema.Column PathColumn(DataViewSchema input)
    {
        var column = input.GetColumnOrNull(InputColumnName) ?? throw EmbedImagesEstimator.NoColumn(InputColumnName, input.Select(c => c.Name));
        return column.Type is TextDataViewType ? column : throw EmbedImagesEstimator.NoText(InputColumnName, $"{column.Type}");
    }

    private void EmbedOne(string path, Span<float> row)
    {
        try
        {
            _single.Embed(_windows.FullPath(path) ?? throw new DatasetException(WindowEmbedder.NoPath), row);
        }
        catch (OnnxTransferException error) when (error is DatasetException or ImageException)
        {
            if (!_settings.FailedAsNaN)
            {
                throw EmbeddedRows.FailedImage(error.Message, error);
            }

            row.Fill(float.NaN);
        }
    }
}
