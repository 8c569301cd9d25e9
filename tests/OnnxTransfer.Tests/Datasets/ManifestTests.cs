using OnnxTransfer.Datasets;

namespace OnnxTransfer.Tests.Datasets;

public sealed class ManifestTests : IDisposable
{
    private readonly TempFolder _folder = new TempFolder().With("a.jpg", "b.jpg", "c d.jpg");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Labels_splits_weights_and_groups_are_read()
    {
        var dataset = Open(
            """
            path,label,split,weight,group
            a.jpg,rose,train,2,g1
            b.jpg,tulip,train,,g2
            "c d.jpg",rose,test,0.5,g3
            """.Replace(",,g2", ",1,g2", StringComparison.Ordinal));

        Assert.Equal(["rose", "tulip"], dataset.Classes);
        Assert.Equal([0, 1, 0], dataset.Items.Select(item => item.Label));
        Assert.Equal([Split.Train, Split.Train, Split.Test], dataset.Items.Select(item => item.Split));
        Assert.Equal([2, 1, 0.5], dataset.Items.Select(item => item.Weight));
        Assert.Equal(["g1", "g2", "g3"], dataset.Items.Select(item => item.Group));
        Assert.Equal(_folder["c d.jpg"], dataset.Items[2].Name);
        Assert.True(dataset.HasOwnSplits);
    }

    [Fact]
    public void Photos_of_one_item_become_one_item_with_its_numbers()
    {
        var columns = new ManifestColumns { Target = "price", AverageBy = "house", Numbers = ["beds", "area"] };

        var dataset = Open("file,house,price,beds,area\na.jpg,h1,100,2,70\nb.jpg,h2,200,3,90\nc d.jpg,h1,100,2,70\n", columns);

        Assert.True(dataset.IsRegression);
        Assert.Equal([100, 200], dataset.Items.Select(item => item.Target));
        Assert.Equal([2, 1], dataset.Items.Select(item => item.Images.Count));
        Assert.Equal([2f, 70f], dataset.Items[0].Numbers);
        Assert.Equal(["beds", "area"], dataset.NumberNames);
    }

    [Fact]
    public void Any_number_of_labels_may_stand_in_a_cell()
    {
        var dataset = Open("path,labels,split\na.jpg,rose | wet|rose,train\nb.jpg,,train\n\"c d.jpg\",wet;dark;rose,train\n");

        Assert.True(dataset.IsMultiLabel);
        Assert.False(dataset.IsRegression);
        Assert.Equal(["dark", "rose", "wet"], dataset.Classes);
        Assert.Equal([[1, 2], [], [0, 1, 2]], dataset.Items.Select(item => item.LabelSet));
        Assert.All(dataset.Items, item => Assert.Equal(-1, item.Label));
        Assert.Equal(["rose;wet", "dark"], Open("path,tag\na.jpg,rose;wet\nb.jpg,dark\n", new ManifestColumns { Label = "tag" }).Classes.OrderDescending());
    }

    [Fact]
    public void Several_targets_keep_their_names_and_order()
    {
        const string Text = "file,area,price,label\na.jpg,70,1.5,x\nb.jpg,90,-2,y\n";

        var dataset = Open(Text, new ManifestColumns { Targets = ["price", "Area"] });

        Assert.True(dataset.IsRegression);
        Assert.Equal(["price", "area"], dataset.TargetNames);
        Assert.Equal([[1.5, 70], [-2, 90]], dataset.Items.Select(item => item.Targets));
        Assert.All(dataset.Items, item => Assert.True(double.IsNaN(item.Target)));
        var one = Open(Text, new ManifestColumns { Targets = ["price"] });
        Assert.Empty(one.TargetNames);
        Assert.Equal([1.5, -2], one.Items.Select(item => item.Target));
        Assert.All(one.Items, item => Assert.Empty(item.Targets));
        Assert.Contains("the columns to predict are price, price; expected each of them once", Assert.Throws<DatasetException>(
            () => Open(Text, new ManifestColumns { Targets = ["price", "price"] })).Message, StringComparison.Ordinal);
        Assert.Contains("line 3: '' in column 'area' is not a finite number", Assert.Throws<DatasetException>(
            () => Open("file,area,price\na.jpg,1,1\nb.jpg,,2\n", new ManifestColumns { Targets = ["price", "area"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tabs_separate_the_columns_of_a_tsv() =>
        Assert.Equal(["x, y"], Open("path\tclass\na.jpg\tx, y\n", ending: ".tsv").Classes);

    [Theory]
    [InlineData("path,label\na.jpg,x\nnone.jpg,y\n", "line 3: no such file: {0}/none.jpg; paths are absolute or relative to the manifest's folder")]
    [InlineData("path,target\na.jpg,1\nb.jpg,NaN\n", "line 3: 'NaN' in column 'target' is not a finite number; mend the row or take it out")]
    [InlineData("path,target\na.jpg,many\n", "line 2: 'many' in column 'target' is not a finite number; mend the row or take it out")]
    [InlineData("path,label\na.jpg,\n", "line 2: no class name in column 'label'")]
    [InlineData("path,label,split\na.jpg,x,train\nb.jpg,y,test\n", "line 3: label 'y' does not occur among the train rows; expected one of: x")]
    [InlineData("path,label,split\na.jpg,x,tset\n", "line 2: split 'tset'; expected train, val or test")]
    [InlineData("path,label,weight\na.jpg,x,-1\n", "line 2: weight -1 is negative; expected 0 or more")]
    [InlineData("path,label,target\na.jpg,x,1\n", "columns 'label' and 'target' both say what to predict; name one of them (--label, --labels or --target)")]
    [InlineData("picture,label\na.jpg,x\n", "no column of image files; found picture, label, expected a column named path (or name yours with --path-column)")]
    [InlineData("path,label\na.jpg,x\na.jpg,y\n", "lines 2 and 3 name the same file {0}/a.jpg with another label, target or split; keep one of them")]
    [InlineData("path,labels\na.jpg,x|y\na.jpg,y\n", "lines 2 and 3 name the same file {0}/a.jpg with another label, target or split; keep one of them")]
    [InlineData("path,labels,split\na.jpg,x|y,train\nb.jpg,y|z,test\n", "line 3: label 'z' does not occur among the train rows; expected one of: x, y")]
    [InlineData("path,label,labels\na.jpg,x,x|y\n", "columns 'label' and 'labels' both say what to predict; name one of them (--label, --labels or --target)")]
    [InlineData("path;label\na.jpg;x\n", "its columns are separated by ';'; expected commas in a .csv, tabs in a .tsv")]
    [InlineData("path,label\n", "no rows below the header; expected one row for each image")]
    [InlineData("", "empty file; expected a header such as path,label and one row for each image")]
    public void Faults_are_told_with_their_line(string text, string message)
    {
        var error = Assert.Throws<DatasetException>(() => Open(text));

        Assert.Equal($"{_folder["m.csv"]}: {string.Format(null, message, _folder.Path)}", error.Message);
    }

    [Fact]
    public void A_column_asked_for_and_missing_is_an_error()
    {
        var error = Assert.Throws<DatasetException>(() => Open("path,label\na.jpg,x\n", new ManifestColumns { Group = "house" }));

        Assert.Equal($"{_folder["m.csv"]}: no column 'house'; found path, label", error.Message);
    }

    [Fact]
    public void Photos_of_one_item_that_disagree_are_an_error()
    {
        var columns = new ManifestColumns { AverageBy = "house" };

        var error = Assert.Throws<DatasetException>(() => Open("path,house,target\na.jpg,h1,1\nb.jpg,h1,2\n", columns));

        Assert.Contains("lines 2 and 3 have the same house 'h1' but differ in target, 1 and 2; photos of one item must agree", error.Message, StringComparison.Ordinal);
        Assert.Contains("differ in price, 1 and 2;", Assert.Throws<DatasetException>(() => Open(
            "path,house,area,price\na.jpg,h1,1,1\nb.jpg,h1,1,2\n", columns with { Targets = ["area", "price"] })).Message, StringComparison.Ordinal);
        Assert.Contains("differ in labels, a|b and a;", Assert.Throws<DatasetException>(() => Open(
            "path,house,labels\na.jpg,h1,b|a\nb.jpg,h1,a\n", columns)).Message, StringComparison.Ordinal);
    }

    private Dataset Open(string text, ManifestColumns? columns = null, string ending = ".csv")
    {
        var path = _folder["m" + ending];
        File.WriteAllText(path, text);
        return Manifest.Open(path, columns ?? new ManifestColumns());
    }
}
