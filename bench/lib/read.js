// Reads all rows of a table by Bigtable's client for Node.js, and checks their number:
// node read.js PROJECT INSTANCE TABLE ROWS
const {Bigtable} = require('@google-cloud/bigtable');

const [project, instance, table, wanted] = process.argv.slice(2);
let rows = 0;

new Bigtable({projectId: project})
	.instance(instance)
	.table(table)
	.createReadStream()
	.on('error', error => {
		console.error(error.message);
		process.exit(1);
	})
	.on('data', () => {
		rows++;
	})
	.on('end', () => process.exit(rows === Number(wanted) ? 0 : 2));
