using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Several cursors share the rows so that ML.NET can put them back in order.</summary>
public class CursorSetTests
{
    [Theory]
    [InlineData(300, 4, 4)]
    [InlineData(300, 3, 3)]
    [InlineData(128, 5, 2)]
    [InlineData(1, 8, 1)]
    public void Rows_come_once_and_in_order_of_their_batches(int rows, int asked, int given)
    {
        AssertShared(ViewOf(rows), asked, given, seed: null);
        AssertShared(ViewOf(rows), asked, given, seed: 7);
    }

    [Fact]
    public void A_view_without_rows_has_one_cursor()
    {
        using var cursor = Assert.Single(ViewOf(0).GetRowCursorSet([], 4));
        Assert.False(cursor.MoveNext());
        Assert.Equal(-1, cursor.Position);
    }

    [Fact]
    public void A_cursor_of_a_set_counts_its_own_rows()
    {
        var view = ViewOf(200);
        using var second = view.GetRowCursorSet(view.Schema, 2)[1];
        Assert.Equal(-1, second.Position);
        Assert.True(second.MoveNext());
        Assert.Equal((0L, 1L), (second.Position, second.Batch));
        while (second.Position < 63)
        {
            Assert.True(second.MoveNext());
        }

        Assert.Equal(1, second.Batch);
        Assert.True(second.MoveNext());
        Assert.Equal((64L, 3L), (second.Position, second.Batch));
    }

    [Fact]
    public void What_ML_NET_computes_over_a_set_keeps_the_order()
    {
        var context = new MLContext(seed: 1);
        var view = ViewOf(1000);
        var normalized = context.Transforms.NormalizeMinMax("Scaled", EmbeddingColumns.Embedding).Fit(view).Transform(view);
        Assert.Equal(Names(view), Names(normalized));
        Assert.Equal(Names(view), Names(context.Data.Cache(normalized)));
        Assert.Equal(1000, normalized.GetColumn<float[]>("Scaled").Count());
    }

    private static EmbeddingDataView ViewOf(int rows) => new(new EmbeddingSet
    {
        Rows = new Matrix(rows, 2, [.. Enumerable.Range(0, 2 * rows).Select(i => (float)i)]),
        Names = [.. Enumerable.Range(0, rows).Select(i => $"row{i}")],
        Splits = new Datasets.Split[rows],
    });

    private static string[] Names(IDataView view) => [.. view.GetColumn<string>(EmbeddingColumns.Name)];

    private static void AssertShared(IDataView view, int asked, int given, int? seed)
    {
        Random? Random() => seed is { } s ? new Random(s) : null;
        var columns = view.Schema.Where(column => column.Name is EmbeddingColumns.Name or EmbeddingColumns.Embedding).ToArray();
        var cursors = view.GetRowCursorSet(columns, asked, Random());
        Assert.Equal(given, cursors.Length);
        var shares = Array.ConvertAll(cursors, Walk);
        foreach (var share in shares)
        {
            Assert.Equal(share.Select(row => row.Batch).Order(), share.Select(row => row.Batch));
        }

        Assert.Equal(shares.Sum(share => share.DistinctBy(row => row.Batch).Count()), shares.SelectMany(share => share).DistinctBy(row => row.Batch).Count());
        Assert.Equal(Walk(view.GetRowCursor(columns, Random())), shares.SelectMany(share => share).OrderBy(row => row.Batch));
    }

    private static (long Batch, DataViewRowId Id, string Name, float First)[] Walk(DataViewRowCursor cursor)
    {
        List<(long, DataViewRowId, string, float)> rows = [];
        using (cursor)
        {
            var (id, name, embedding) = (
                cursor.GetIdGetter(), cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema[EmbeddingColumns.Name]),
                cursor.GetGetter<VBuffer<float>>(cursor.Schema[EmbeddingColumns.Embedding]));
            var (i, n, e) = (default(DataViewRowId), default(ReadOnlyMemory<char>), default(VBuffer<float>));
            while (cursor.MoveNext())
            {
                id(ref i);
                name(ref n);
                embedding(ref e);
                rows.Add((cursor.Batch, i, n.ToString(), e.GetItemOrDefault(0)));
            }
        }

        return [.. rows];
    }
}
